/**
 * A small log in which everything happens that makes storing more than a copy: refused ticks before, between and after
 * good ones, a record refused as a whole, repeats, gaps that open, shrink and close, and a midnight.
 */
import { openSqliteLog } from '../../../src/log/sqlite/log.ts'
import { type LogRecord, refusedRecord } from '../../../src/tick/records.ts'
import { ORIGIN } from '../../../src/tick/trades.ts'
import type { ExpectedTrade, Hole } from '../judges/oracle.ts'
import { NOON_MICROS, tradesOf } from './trades.ts'

const MIDNIGHT_MS = NOON_MICROS / 1000 + 12 * 3_600_000

/** So few ticks a batch that this log makes several; a record is never divided. */
export const MIXED_BATCH_TICKS_MAX = 45

function run(symbol: string, first: number, last: number): ExpectedTrade[] {
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const tradeId = first + index
    return { symbol, tradeId, price: tradeId / 7, volume: tradeId / 1000, side: tradeId % 2 ? 'buy' : 'sell' }
  })
}

const bad = (symbol: string, tradeId: number, change: Partial<ExpectedTrade>): ExpectedTrade => ({
  ...run(symbol, tradeId, tradeId)[0]!,
  ...change,
})

const frame = (raw: string) => ({
  venue: 'binance',
  reason: 'malformed_frame' as const,
  detail: 'no JSON',
  raw,
  receivedAtMicros: NOON_MICROS,
})

const binance = (...trades: ExpectedTrade[][]): LogRecord => tradesOf('binance', trades.flat())

/** The records by the log day they are taken on. */
const DAYS: LogRecord[][] = [
  [
    binance(run('AAA', 1, 30)),
    binance(run('AAA', 31, 40), [bad('AAA', 41, { price: Number.NaN })], run('AAA', 41, 50), [
      bad('AAA', 51, { volume: -1 }),
    ]),
    refusedRecord([frame('{"cut off'), frame('')]),
    binance(run('AAA', 61, 80), run('AAA', 61, 62)),
    binance(run('BBB', 100, 110)),
    { ...binance(run('AAA', 900, 904)), version: 2 },
    // Below the first id of an earlier batch: what lies between is a gap too.
    binance(run('AAA', 81, 100), run('BBB', 90, 90)),
    refusedRecord([frame('x'), frame('y'), frame('z')]),
  ],
  [
    refusedRecord([frame('before anything good')]),
    tradesOf('binance', run('AAA', 51, 55), ORIGIN.repair),
    binance(run('BBB', 111, 130), [bad('', 1, {})]),
    binance(run('AAA', 56, 60), run('AAA', 101, 110)),
    binance(run('AAA', 81, 100)),
    binance(run('AAA', 115, 120), run('BBB', 91, 99)),
    binance(run('BBB', 91, 99)),
    refusedRecord([frame('last')]),
  ],
]

/** What of it is good, by the rules. */
export const MIXED_TRADES: readonly ExpectedTrade[] = [
  ...run('AAA', 1, 110),
  ...run('AAA', 115, 120),
  ...run('BBB', 90, 130),
]
export const MIXED_OPEN: readonly Hole[] = [{ symbol: 'AAA', first: 111, last: 114 }]
export const MIXED_REPAIRED: readonly Hole[] = [
  // 51 came, was refused for its volume, and so was never missing.
  { symbol: 'AAA', first: 52, last: 60 },
  { symbol: 'BBB', first: 91, last: 99 },
]

/** Makes the log in a directory and closes it. */
export async function makeMixedLog(directory: string): Promise<void> {
  let nowMs = MIDNIGHT_MS - 1000
  const log = await openSqliteLog(directory, 'write', { nowMs: () => nowMs })
  for (const records of DAYS) {
    for (const record of records) await log.append(0, [record])
    nowMs += 2000
  }
  await log.close()
}
