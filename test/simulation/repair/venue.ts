/**
 * A simulated venue: it issues ids by the market's clock, its feed brings them with every fault of a feed, and its REST
 * (rest.ts) has them as it likes. Truth is what it issued.
 */
import { SIDE, type Side } from '../../../src/tick/trades.ts'
import { START_MICROS } from '../host.ts'
import type { Timeline } from '../timeline.ts'
import { type RepairTally, tried } from './faults.ts'

export interface IssuedTrade {
  symbol: string
  /** Of ids: another one begins where the venue numbers its trades from the beginning again. */
  series: number
  id: number
  micros: number
  price: string
  volume: string
  side: Side
}

const TRADES_MAX = 90
const TOGETHER_MAX = 5
const REORDER_MS_MAX = 20_000
/** Between the last trade of a series and the first of the next one: by the times ids are told apart. */
const RESET_MS = 5_000

export class SimulatedVenue {
  readonly symbols: readonly string[]
  /** All trades, by symbol, in order of issue. */
  readonly issued = new Map<string, IssuedTrade[]>()
  readonly #timeline: Timeline
  readonly #tally: RepairTally
  readonly #deliver: (trade: IssuedTrade) => void
  /** Nothing of the feed arrives until then. */
  #cutUntilMs = 0
  #calm = false

  constructor(timeline: Timeline, faultyMs: number, tally: RepairTally, deliver: (trade: IssuedTrade) => void) {
    this.#timeline = timeline
    this.#tally = tally
    this.#deliver = deliver
    this.symbols = timeline.chance(0.3) ? ['ETHUSD', 'SOLUSD'] : ['ETHUSD']
    for (const symbol of this.symbols) this.#trade(symbol, faultyMs)
    for (let cuts = timeline.below(4); cuts > 0; cuts--)
      timeline.after(timeline.random.uniform() * faultyMs, () => this.#cut())
  }

  /** Ids that a symbol has now: those of its newest series. */
  current(symbol: string): IssuedTrade[] {
    const all = this.issued.get(symbol) ?? []
    return all.filter(({ series }) => series === all.at(-1)!.series)
  }

  /** Trades that arrive, whatever was before: gaps end where a trade follows. */
  finish(): void {
    this.#calm = true
    this.#cutUntilMs = 0
    for (const symbol of this.symbols)
      for (const afterMs of [1_000, 2_000, 3_000]) this.#timeline.after(afterMs, () => this.#issue(symbol))
  }

  #trade(symbol: string, faultyMs: number): void {
    const timeline = this.#timeline
    this.issued.set(symbol, [])
    const resetMs = timeline.chance(0.15) ? timeline.random.uniform() * faultyMs : undefined
    const first = timeline.chance(0.5) ? 1 + timeline.below(50) : 4_100_000_001 + timeline.below(1e6)
    timeline.after(1, () => this.#issue(symbol, first))
    const atMs = Array.from({ length: 20 + timeline.below(TRADES_MAX) }, () => timeline.random.uniform() * faultyMs)
    for (const ms of atMs) {
      if (resetMs !== undefined && Math.abs(ms - resetMs) < RESET_MS) continue
      const together = timeline.chance(0.3) ? 2 + timeline.below(TOGETHER_MAX - 1) : 1
      timeline.after(10 + ms, () => {
        for (let more = together; more > 0; more--) this.#issue(symbol)
      })
    }
    if (resetMs !== undefined)
      timeline.after(resetMs, () => {
        tried(this.#tally, 'ids began again')
        this.#issue(symbol, 1 + timeline.below(20))
      })
  }

  #issue(symbol: string, first?: number): void {
    const timeline = this.#timeline
    const all = this.issued.get(symbol)!
    const last = all.at(-1)
    const trade: IssuedTrade = {
      symbol,
      series: last ? last.series + (first === undefined ? 0 : 1) : 0,
      id: first ?? last!.id + 1,
      // Trades of one moment have one time.
      micros: START_MICROS + Math.floor(timeline.nowMs * 1000),
      price: (100 + timeline.below(1e6) / 100).toFixed(2),
      volume: ((1 + timeline.below(1e6)) / 1e4).toFixed(4),
      side: timeline.chance(0.5) ? SIDE.buy : SIDE.sell,
    }
    all.push(trade)
    if (last === undefined || this.#calm) this.#deliver(trade)
    else this.#send(trade)
  }

  #send(trade: IssuedTrade): void {
    const timeline = this.#timeline
    if (timeline.nowMs < this.#cutUntilMs) return
    if (timeline.chance(0.04)) {
      tried(this.#tally, 'trade skipped')
      return
    }
    if (timeline.chance(0.03)) {
      tried(this.#tally, 'trade sent late')
      timeline.after(timeline.delayMs(REORDER_MS_MAX), () => this.#deliver(trade))
      return
    }
    this.#deliver(trade)
    if (!timeline.chance(0.03)) return
    tried(this.#tally, 'trade sent again')
    timeline.after(timeline.delayMs(REORDER_MS_MAX), () => this.#deliver(trade))
  }

  /** The connection is lost, or is there and silent: nothing arrives either way. */
  #cut(): void {
    tried(this.#tally, this.#timeline.chance(0.5) ? 'feed cut' : 'feed silent')
    this.#cutUntilMs = Math.max(this.#cutUntilMs, this.#timeline.nowMs + this.#timeline.delayMs(60_000))
  }
}
