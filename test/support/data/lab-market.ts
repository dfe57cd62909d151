/** A small seeded market in columns, and a run of strategies over it. */

import { Engine, type EngineOptions } from '../../../src/lab/engine/engine.ts'
import { moneyOf, type TraderOptions } from '../../../src/lab/engine/trader.ts'
import { DEFAULT_RULES } from '../../../src/lab/execution/rules.ts'
import { type AddRow, Recorded } from '../../../src/lab/results/recorded.ts'
import type { Row } from '../../../src/lab/results/rows.ts'
import { instrumentOf } from '../../../src/lab/stored/instruments.ts'
import type { Strategy } from '../../../src/lab/strategy.ts'
import { Random } from '../../../src/simulator/random.ts'
import { QuoteColumns, QuoteDraft } from '../../../src/tick/quotes/quotes.ts'
import { SIDE, TradeColumns, TradeDraft } from '../../../src/tick/trades.ts'

export const LAB_START_MICROS = Date.UTC(2026, 10, 22, 12) * 1000

/** One tick: a quote has a bid, a trade has a price. Times of receipt are ms after `LAB_START_MICROS`; `lateMs` after the venue's. */
export type Tick =
  | { atMs: number; symbol?: string; bid: number; bidSize?: number; ask: number; askSize?: number }
  | { atMs: number; symbol?: string; price: number; volume?: number; side?: 'buy' | 'sell'; lateMs?: number }

export const BTC = instrumentOf(0, 'test:BTC', 0.01, 0.001)
/** Contracts of a hundredth of a coin, and of 100 USD settled in the coin. */
export const SIZED = instrumentOf(0, 'test:BTC', 0.01, 1, { size: 0.01, isInverse: false })
export const INVERSE = instrumentOf(0, 'test:BTC', 0.1, 1, { size: 100, isInverse: true })
export const ETH = instrumentOf(1, 'test:ETH', 0.1, 0.01)

/** Plays ticks one by one, in columns of `rows` rows at most. */
export function play(engine: Engine, ticks: readonly Tick[], rows = 1): void {
  for (const columns of columnsOf(ticks, rows))
    if (columns instanceof QuoteColumns) engine.playQuotes(columns, 0, columns.length)
    else engine.playTrades(columns, 0, columns.length)
}

/** Ticks in columns of one kind and `rows` rows at most. */
export function* columnsOf(ticks: readonly Tick[], rows: number): Generator<QuoteColumns | TradeColumns> {
  for (let from = 0; from < ticks.length; ) {
    const isQuote = 'bid' in ticks[from]!
    let end = from + 1
    while (end < ticks.length && end - from < rows && 'bid' in ticks[end]! === isQuote) end++
    const columns = isQuote ? new QuoteColumns(end - from) : new TradeColumns(end - from)
    for (const tick of ticks.slice(from, end)) add(columns, tick)
    yield columns
    from = end
  }
}

function add(columns: QuoteColumns | TradeColumns, tick: Tick): void {
  const { atMs, symbol = 'BTC' } = tick
  const micros = LAB_START_MICROS + Math.round(atMs * 1000)
  const common = { venue: 'test', symbol, receivedAtMicros: micros, timestampMicros: micros }
  if ('bid' in tick && columns instanceof QuoteColumns) {
    const { bid, bidSize = 1, ask, askSize = 1 } = tick
    const prices = { bidPrice: bid, bidSize, askPrice: ask, askSize }
    columns.add(Object.assign(new QuoteDraft(), common, prices))
  } else if ('price' in tick && columns instanceof TradeColumns) {
    const { price, volume = 1, side = 'buy', lateMs = 0 } = tick
    const timestampMicros = micros - lateMs * 1000
    columns.add(Object.assign(new TradeDraft(), common, { timestampMicros, price, volume, side: SIDE[side] }))
  }
}

export interface LabRun {
  engine: Engine
  recorded: Recorded
  rows: Record<string, Row[]>
}

/** An engine with one strategy. Without fees and latency, and with `capital` 100,000, unless stated. */
export function runOf(
  strategy: Strategy,
  options: Partial<Omit<TraderOptions, 'strategy'>> &
    Partial<Pick<EngineOptions, 'markSeconds' | 'staleSeconds' | 'apartSeconds'>> & { keepsFeatures?: boolean } = {},
): LabRun {
  const rows: Record<string, Row[]> = {}
  const { markSeconds = 60, staleSeconds = 3_600, apartSeconds = 5, keepsFeatures, ...own } = options
  const add: AddRow = (table, row) => {
    rows[table] ??= []
    rows[table].push(row)
  }
  const recorded = new Recorded({ run: 'r', strategy: 's' }, add, keepsFeatures)
  const instruments = own.instruments ?? [BTC]
  const isQuoted = own.isQuoted ?? (() => true)
  const engine = new Engine({
    ...{ instruments, markSeconds, staleSeconds, apartSeconds, isQuoted },
    traders: [
      {
        ...{ name: 's', strategy, instruments, capital: moneyOf(100_000), limits: {}, rules: DEFAULT_RULES },
        fees: () => ({ maker: 0n, taker: 0n }),
        latencyMicros: () => 0,
        random: () => 0.5,
        isQuoted,
        results: recorded,
        ...own,
      },
    ],
  })
  engine.start(LAB_START_MICROS)
  return { engine, recorded, rows }
}

/** A random walk of two symbols: quotes, and trades at them. */
export function randomTicks(seed: number, count: number): Tick[] {
  const random = new Random(seed)
  const middles = [20_000, 1_000]
  const ticks: Tick[] = []
  let atMs = 0
  for (let index = 0; index < count; index++) {
    const at = random.uniform() < 0.5 ? 0 : 1
    const symbol = at === 0 ? 'BTC' : 'ETH'
    const tick = at === 0 ? 0.01 : 0.1
    const decimals = at === 0 ? 2 : 1
    atMs += Math.floor(random.uniform() * 400)
    middles[at] = Math.max(tick * 100, middles[at]! * (1 + 0.0003 * random.normal()))
    const bid = Number((Math.round(middles[at]! / tick) * tick).toFixed(decimals))
    const ask = Number((bid + tick * (1 + Math.floor(random.uniform() * 3))).toFixed(decimals))
    const size = () => Number((0.01 + random.uniform() * 2).toFixed(2))
    if (random.uniform() < 0.7) ticks.push({ atMs, symbol, bid, ask, bidSize: size(), askSize: size() })
    else {
      const buys = random.uniform() < 0.5
      ticks.push({ atMs, symbol, price: buys ? ask : bid, volume: size(), side: buys ? 'buy' : 'sell' })
    }
  }
  return ticks
}
