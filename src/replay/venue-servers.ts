/** The formats of a replay. To add a venue's format: its file, its test and a line here. */
import { binance } from '../venues/binance/server.ts'
import { coinbase } from '../venues/coinbase/server.ts'
import { kraken } from '../venues/kraken/server.ts'
import type { VenueServerProtocol } from '../venues/server-protocol.ts'
import { live } from './live-feed.ts'

export const VENUE_SERVERS: Readonly<Record<string, VenueServerProtocol>> = { binance, coinbase, kraken, live }
