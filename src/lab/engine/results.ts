/** What a run gives, row by row: the tables `lab_…` and the report are made of it. */
import type { LedgerLine, RoundTrip } from '../accounting/account.ts'
import type { Fill, Order } from '../execution/order.ts'
import type { Instrument } from '../market/instrument.ts'
import type { Breach } from '../risk/limits.ts'
import type { Prediction } from '../strategy.ts'

/** A strategy's account at a time. Units of money. */
export interface EquityMark {
  timeMicros: number
  equity: bigint
  cash: bigint
  gross: bigint
  /** Sums since the start. */
  fees: bigint
  traded: bigint
  /** What 1 of the currency would be worth, spread equally over the strategy's instruments at the start and held. */
  holding: number
}

/** What a strategy computed of an instrument at a time. `values` is reused. */
export interface Sample {
  timeMicros: number
  instrument: Instrument
  /** Marks the instrument. */
  price: number
  isWhole: boolean
  schema: string
  values: Float64Array
}

/** Receives the rows of one strategy, in the order in which they happen. */
export interface Results {
  /** An order in its final state. */
  order(order: Order): void
  fill(fill: Fill): void
  line(line: LedgerLine): void
  roundTrip(trip: RoundTrip): void
  breach(breach: Breach): void
  mark(mark: EquityMark): void
  sample?(sample: Sample): void
  /** `price`: marks the instrument. */
  prediction?(timeMicros: number, instrument: Instrument, price: number, prediction: Prediction): void
}
