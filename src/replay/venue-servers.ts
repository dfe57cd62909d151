/** How a replay can speak. Adding a venue's format costs its file, its test and its line here. */
import { binance } from '../venues/binance/server.ts'
import { coinbase } from '../venues/coinbase/server.ts'
import { kraken } from '../venues/kraken/server.ts'
import type { Voice } from '../venues/server-protocol.ts'
import { live } from './live-feed.ts'

export const VOICES: Readonly<Record<string, Voice>> = { binance, coinbase, kraken, live }
