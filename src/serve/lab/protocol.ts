/**
 * What the page gets of the lab: `GET /api/lab/runs` answers `LabRun[]`, `GET /api/lab/run?run=<name>` a `LabRunDetail`.
 * Times are ms since 1970 UTC, money is in the run's currency, shares are 0 to 1.
 */

/** A run that was played again and compared with what it wrote. */
export interface LabVerification {
  atMs: number
  /** Rows with a time before it were compared. */
  untilMs: number
  /** Rows of all tables that are equal. */
  rows: number
  /** Where they differ; empty if everything is equal. */
  difference: string
}

export interface LabStrategy {
  strategy: string
  kind: string
  /** As JSON. */
  parameters: string
  symbols: string[]
  capital: number
  /** At the last mark. */
  equity: number
  fees: number
  fills: number
  /** The limit that switched it off, at its last time; null while it is on. */
  off: { limit: string; isForTheDay: boolean; atMs: number } | null
}

export interface LabRun {
  run: string
  portfolio: string
  mode: 'run' | 'live'
  state: 'running' | 'ending' | 'ended' | 'stopped'
  currency: string
  /** The pinned dataset with its checkpoint; empty for all that is stored. */
  dataset: string
  program: string
  ticks: number
  beganAtMs: number
  /** Of the ticks played. */
  fromMs: number
  untilMs: number
  /** A live run writes it once a minute. */
  writtenAtMs: number
  /** The newest; null if it was never verified. */
  verification: LabVerification | null
  strategies: LabStrategy[]
}

/** A strategy's account over time: arrays of one length, oldest first, at most `POINTS_MAX`. */
export interface LabCurve {
  strategy: string
  atMs: number[]
  /** Equity as a share of the capital, less 1. */
  result: number[]
  /** The same of holding its instruments, equally spread; null where it is not known. */
  holding: (number | null)[]
  /** The largest fall from a highest equity, of all marks. */
  drawdown: number
}

export interface LabPosition {
  strategy: string
  venue: string
  symbol: string
  /** Below 0: sold short. */
  quantity: number
  /** Paid for it, less what was received. */
  paid: number
  /** What a quantity of 1 is worth, of a live run; null of another. */
  contract: LabContract | null
}

/** Worth price · quantity · size; an inverse one quantity · size / price in its coin, which its buyer owes. */
export interface LabContract {
  size: number
  isInverse: boolean
}

export interface LabOrder {
  strategy: string
  id: number
  venue: string
  symbol: string
  side: 'buy' | 'sell'
  quantity: number
  filled: number
  /** 0: a market order. */
  limitPrice: number
  state: string
  reason: string
  sentAtMs: number
}

export interface LabFill {
  strategy: string
  id: number
  venue: string
  symbol: string
  side: 'buy' | 'sell'
  price: number
  quantity: number
  notional: number
  fee: number
  isMaker: boolean
  isLarge: boolean
  atMs: number
}

/** A bound that the portfolio states, with what is used of it; null where that is not known. A drawdown is a share. */
export interface LabLimit {
  /** Null: of all strategies together. */
  strategy: string | null
  limit: 'order' | 'position' | 'gross' | 'daily_loss' | 'drawdown'
  bound: number
  used: number | null
}

export interface LabBreach {
  strategy: string
  limit: string
  value: number
  bound: number
  action: string
  atMs: number
}

export interface LabRunDetail {
  run: LabRun
  curves: LabCurve[]
  positions: LabPosition[]
  limits: LabLimit[]
  /** The last of each, newest first. */
  orders: LabOrder[]
  fills: LabFill[]
  breaches: LabBreach[]
}
