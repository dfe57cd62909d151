/**
 * The instruments of the simulated exchange: base price, tick size and step size. Prices are whole ticks, volumes whole
 * steps; both sizes are in units of 1e-8, the eight decimals that Binance writes.
 */
import { UNITS_PER_ONE } from '../../venues/binance/units.ts'
import { Random } from '../random.ts'

export interface Instrument {
  /** In Binance's spelling: upper-case letters and digits. */
  readonly symbol: string
  /** The price the random walk reverts to, in quote currency. */
  readonly basePrice: number
  /** The smallest price difference, in units of 1e-8. */
  readonly tickUnits: number
  /** The smallest volume difference, in units of 1e-8. */
  readonly stepUnits: number
  /** Usual distance of best ask and best bid, relative to the price. */
  readonly spread: number
}

/** Spread of the instruments in `KNOWN`; the others' are up to fifty times wider. */
const SPREAD = 3e-5

/** Prices of August 2024 with Binance's tick and step sizes, so that the market looks familiar: price, tick, step. */
const KNOWN: Readonly<Record<string, readonly [price: number, tick: number, step: number]>> = {
  BTCUSDT: [61_837, 1e-2, 1e-5],
  ETHUSDT: [2_683, 1e-2, 1e-4],
  BNBUSDT: [512, 1e-1, 1e-3],
  SOLUSDT: [154.2, 1e-2, 1e-3],
  XRPUSDT: [0.6135, 1e-4, 1],
  DOGEUSDT: [0.10714, 1e-5, 1],
  ADAUSDT: [0.3472, 1e-4, 0.1],
  AVAXUSDT: [22.41, 1e-2, 1e-2],
  LINKUSDT: [10.52, 1e-2, 1e-2],
  LTCUSDT: [60.31, 1e-2, 1e-3],
}

/** The instrument of a symbol. A name not in `KNOWN` gets its price, tick, step and spread from the seed. */
export function instrumentOf(symbol: string, seed: number): Instrument {
  const known = Object.hasOwn(KNOWN, symbol) ? KNOWN[symbol] : undefined
  if (known) {
    const [basePrice, tick, step] = known
    return { symbol, basePrice, tickUnits: toUnits(tick), stepUnits: toUnits(step), spread: SPREAD }
  }
  const random = new Random(seed, symbol)
  const basePrice = 10 ** (-1 + 4 * random.uniform())
  // Four to five significant digits of price, and a step worth about 0.05 to 0.5 quote units.
  const tick = 10 ** Math.max(-8, Math.floor(Math.log10(basePrice)) - 4)
  const step = 10 ** Math.min(0, Math.max(-5, Math.floor(Math.log10(0.5 / basePrice))))
  const spread = SPREAD * 50 ** random.uniform()
  return { symbol, basePrice, tickUnits: toUnits(tick), stepUnits: toUnits(step), spread }
}

function toUnits(value: number): number {
  return Math.round(value * UNITS_PER_ONE)
}
