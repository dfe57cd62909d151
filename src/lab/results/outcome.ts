/** What came out of one strategy's run, as numbers: of a run that has just ended, or read from the tables. */
import type { ClosedTrade } from '../statistics/trading.ts'

/** The account at each mark, in order of time, in units of the currency. */
export interface Series {
  timeMicros: number[]
  equity: number[]
  /** Positions without their signs. */
  gross: number[]
  /** Value of all fills since the start. */
  traded: number[]
  /** What 1 would be worth, spread equally over the instruments at the start and held; 0 if not known. */
  holding: number[]
}

export interface HeldPosition {
  /** `venue:symbol` */
  name: string
  /** Signed, units of the instrument. */
  quantity: number
  /** Less what was received; negative for a short position. */
  paid: number
}

export interface Outcome {
  strategy: string
  kind: string
  /** As JSON. */
  parameters: string
  /** `venue:symbol` */
  symbols: readonly string[]
  capital: number
  fees: number
  series: Series
  closedTrades: readonly ClosedTrade[]
  positions: readonly HeldPosition[]
  /** Number of orders by final state, and of times that limits were reached. */
  orders: Readonly<Record<string, number>>
  breaches: Readonly<Record<string, number>>
  fills: number
  makerFills: number
  largeFills: number
  /** SHA-256 of its fills. */
  fillsHash: string
}

/** What a portfolio states of a strategy. */
export type Stated = Pick<Outcome, 'strategy' | 'kind' | 'parameters' | 'symbols' | 'capital'>

export const emptySeries = (): Series => ({ timeMicros: [], equity: [], gross: [], traded: [], holding: [] })

/** The equity at the end: the capital before the first mark. */
export const endOf = ({ capital, series }: Pick<Outcome, 'capital' | 'series'>): number =>
  series.equity.at(-1) ?? capital
