/** The limits of a strategy: what an order may not exceed, and when everything is closed and it is switched off. */

/** In units of money; absent for no limit. */
export interface Limits {
  /** Value of one instrument's position after the order. */
  position?: bigint
  /** Sum of the positions' values without their signs, after the order. */
  gross?: bigint
  order?: bigint
  /** Loss since the first mark of the UTC day: flattens, and off for the rest of the day. */
  dailyLoss?: bigint
  /** Share of the highest equity, 0 to 1: flattens, and off permanently. */
  drawdown?: number
}

/** Limits of all strategies together: everything is closed, and all are off until a new run. */
export type PortfolioLimits = Pick<Limits, 'dailyLoss' | 'drawdown'>

export type LimitName =
  | ('position' | 'gross' | 'order' | 'daily_loss' | 'drawdown' | 'data' | 'kill_switch')
  | ('portfolio_daily_loss' | 'portfolio_drawdown')
  /** Of a feature of a model, or of its `probability`: no limit of the portfolio, and nothing is switched off. */
  | `drift ${string}`

/** One limit that was reached. Values in units of money; a drawdown is a share, drift a population stability index. */
export interface Breach {
  timeMicros: number
  limit: LimitName
  value: number
  bound: number
  action: 'order refused' | 'flattened, off for the day' | 'flattened, off' | 'reported'
}

export type Reached = Pick<Breach, 'limit' | 'value' | 'bound'>

export interface OrderEffect {
  /** Values without signs. */
  order: bigint
  position: bigint
  gross: bigint
  /** It makes the position smaller and does not turn it around. */
  isReducing: boolean
}

/** The limit that an order would break, with its value and bound; undefined if none. What reduces a position is never refused. */
export function brokenBy(limits: Limits, effect: OrderEffect): Reached | undefined {
  if (effect.isReducing) return undefined
  const checks = [
    ['order', effect.order, limits.order],
    ['position', effect.position, limits.position],
    ['gross', effect.gross, limits.gross],
  ] as const
  const broken = checks.find(([, value, bound]) => bound !== undefined && value > bound)
  return broken && { limit: broken[0], value: Number(broken[1]), bound: Number(broken[2]) }
}

const MICROS_PER_DAY = 86_400_000_000

/** Follows the equity of a strategy: which limit its loss reaches. */
export class LossWatch {
  readonly #limits: Limits
  #day = -1
  #dayBegan = 0n
  #highest: bigint | undefined
  #offUntilMicros = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  isOff(timeMicros: number): boolean {
    return timeMicros < this.#offUntilMicros
  }

  /** Whether only a new run switches it on again. */
  get isOffForGood(): boolean {
    return this.#offUntilMicros === Number.POSITIVE_INFINITY
  }

  /** Switches off permanently. */
  switchOff(): void {
    this.#offUntilMicros = Number.POSITIVE_INFINITY
  }

  /** The breach that this equity is, if it is one and the strategy is on. */
  mark(equity: bigint, timeMicros: number): Omit<Breach, 'timeMicros'> | undefined {
    const day = Math.floor(timeMicros / MICROS_PER_DAY)
    if (day !== this.#day) {
      this.#day = day
      this.#dayBegan = equity
    }
    if (this.#highest === undefined || equity > this.#highest) this.#highest = equity
    if (this.isOff(timeMicros)) return undefined
    const { dailyLoss, drawdown } = this.#limits
    const fall = this.#highest > 0n ? Number(this.#highest - equity) / Number(this.#highest) : 0
    if (drawdown !== undefined && fall > drawdown) {
      this.switchOff()
      return { limit: 'drawdown', value: fall, bound: drawdown, action: 'flattened, off' }
    }
    const loss = this.#dayBegan - equity
    if (dailyLoss === undefined || loss <= dailyLoss) return undefined
    this.#offUntilMicros = (day + 1) * MICROS_PER_DAY
    return { limit: 'daily_loss', value: Number(loss), bound: Number(dailyLoss), action: 'flattened, off for the day' }
  }
}
