/**
 * What a strategy is: a class without clock, I/O or chance of its own. It gets events in one total order and answers with
 * orders; so the same code gives the same orders on live ticks, on stored ones and on archived ones. Paper only: no order ever
 * leaves this process.
 */
import type { Side } from '../tick/trades.ts'
import type { FeatureSchema } from './features/schema.ts'
import type { Instrument } from './market/instrument.ts'

/** 1 buys, -1 sells. */
export type Direction = 1 | -1

/** A trade of the market. The object is reused: copy what is to be kept. Times are µs since 1970 UTC. */
export interface TradeEvent {
  instrument: Instrument
  /** When it was received: the engine's time. */
  receivedAtMicros: number
  /** The venue's time. */
  timestampMicros: number
  price: number
  volume: number
  /** The taker's side. */
  side: Side
  /** Supplied later by the venue: it is older than what came before it. */
  isRepaired: boolean
}

/** The best bid and ask after an update. Reused like `TradeEvent`. */
export interface QuoteEvent {
  instrument: Instrument
  receivedAtMicros: number
  bidPrice: number
  bidSize: number
  askPrice: number
  askSize: number
}

/** A bar of the trades received in [startMicros, startMicros + seconds). Bars without trades are left out. Reused. */
export interface BarEvent {
  instrument: Instrument
  startMicros: number
  seconds: number
  open: number
  high: number
  low: number
  close: number
  volume: number
  /** Sum of price · volume. */
  notional: number
  /** Volume whose taker bought. */
  buyVolume: number
  trades: number
}

/** A fill of an own order. */
export interface FillEvent {
  orderId: number
  instrument: Instrument
  direction: Direction
  price: number
  quantity: number
  isMaker: boolean
  /** The order's quantity that is left. */
  remaining: number
}

/** The tape of an instrument stopped being whole, or is whole again. */
export interface DataEvent {
  instrument: Instrument
  isWhole: boolean
  /**
   * `gap`: trades are missing. `stale`: nothing came for the portfolio's `stale_seconds`. `clock`: the venue's trades were received
   * more than `clock_apart_seconds` after, or before, their own time.
   */
  cause: 'gap' | 'stale' | 'clock'
  /** For people. */
  detail: string
}

export interface OrderRequest {
  instrument: Instrument
  direction: Direction
  /** Rounded down to the instrument's lot. */
  quantity: number
  /** A limit, rounded to the tick away from the market; without it a market order. */
  limit?: number
  /** Whatever is not filled on arrival is cancelled. */
  immediateOrCancel?: boolean
}

/** What a strategy sees and does beside its events. Valid for the whole run. */
export interface Context {
  /** Time of the current event, µs since 1970 UTC. Never runs back. */
  readonly nowMicros: number
  /** The strategy's instruments, in the order of the portfolio. */
  readonly instruments: readonly Instrument[]
  /** The id of the order. One that a limit refuses has an id too; its refusal is a row of `lab_orders`. */
  order(request: OrderRequest): number
  /** Cancels what is not filled when the cancel arrives. */
  cancel(orderId: number): void
  /** Signed, in units of the instrument. */
  position(instrument: Instrument): number
  /** Quantity of open orders, signed: buys less sells. */
  openQuantity(instrument: Instrument): number
  /** How much of an instrument is worth so much money at a price, whatever its contract: both may be negative. */
  quantityOf(money: number, price: number, instrument: Instrument): number
  /** In the portfolio's currency. */
  cash(): number
  /** Cash and positions at their marks. */
  equity(): number
  /** The price that marks a position: the middle of the last quote, else the last trade; NaN before the first. */
  mark(instrument: Instrument): number
  /** Whether the tape of the instrument is whole: see `DataEvent`. */
  isWhole(instrument: Instrument): boolean
  /** Seeded by the run: uniform over [0, 1). */
  random(): number
  /** States what the strategy computed of an instrument now, in the order of its `features.names`: rows of `lab_features`. */
  sampled(instrument: Instrument, values: Float64Array): void
  /** States what a model predicts of an instrument now: a row of `lab_predictions`. */
  predicted(instrument: Instrument, prediction: Prediction): void
  /** States that a feature, or the probability, of a model is not distributed as in its training: a row of `lab_limits`. */
  drifted(name: string, index: number, bound: number): void
}

/** Of a model: in `shadow` it predicts and sends no orders, in `paper` it trades on paper. */
export type Stage = 'shadow' | 'paper'

/** Reused like events. */
export interface Prediction {
  /** SHA-256 of the model's file. */
  model: string
  /** Whether orders follow. */
  stage: Stage
  /** Before the sigmoid. */
  score: number
  probability: number
}

/** A file that a parameter names, as the set-up of a run read it. */
export interface ReadFile {
  /** As the portfolio states it. */
  path: string
  text: string
  sha256: string
}

/** All methods are optional: only those that exist are called. A method that throws ends the run with its error. */
export interface Strategy {
  /** Length of the bars that `onBar` gets, seconds. */
  readonly barSeconds?: number
  /** `onTimer` is called at each multiple of it, seconds. */
  readonly timerSeconds?: number
  /** Of a strategy that calls `context.sampled`. */
  readonly features?: FeatureSchema
  onStart?(context: Context): void
  onTrade?(trade: TradeEvent, context: Context): void
  onQuote?(quote: QuoteEvent, context: Context): void
  onBar?(bar: BarEvent, context: Context): void
  onTimer?(timeMicros: number, context: Context): void
  onFill?(fill: FillEvent, context: Context): void
  onData?(data: DataEvent, context: Context): void
}

/** Parameters of a strategy as the portfolio's file states them. */
export type Parameters = Readonly<Record<string, number | string | boolean>>

/** A kind of strategy: what a portfolio names. */
export interface StrategyKind {
  readonly name: string
  /** One sentence. */
  readonly description: string
  /** Every parameter with its default. Others are refused. */
  readonly parameters: Parameters
  /** Parameters that name files, relative to the portfolio's. They are read for the strategy, which may read none. */
  readonly files?: readonly string[]
  /** `files`: by parameter; one that is empty has none. Throws TickhouseErrors of files that do not fit. */
  make(parameters: Parameters, files?: Readonly<Record<string, ReadFile>>): Strategy
}
