/** How a replay can speak. Adding a venue's format costs its file, its test and its line here. */
import { binance } from './binance.ts'
import { coinbase } from './coinbase.ts'
import { kraken } from './kraken.ts'
import { live } from './live.ts'
import type { Voice } from './voice.ts'

export const VOICES: Readonly<Record<string, Voice>> = { binance, coinbase, kraken, live }
