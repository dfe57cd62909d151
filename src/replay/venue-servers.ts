/** How a replay can speak. Adding a venue's format costs its file, its test and its line here. */
import { binance } from '../venues/binance/server.ts'
import { coinbase } from '../venues/coinbase/server.ts'
import { kraken } from '../venues/kraken/server.ts'
import type { VenueServerProtocol } from '../venues/server-protocol.ts'
import { live } from './live-feed.ts'

export const VENUE_SERVERS: Readonly<Record<string, VenueServerProtocol>> = { binance, coinbase, kraken, live }
