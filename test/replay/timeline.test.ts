import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ReplayColumns, timesOf } from '../../src/replay/stored-ticks.ts'
import { type ChunkReader, Timeline } from '../../src/replay/timeline.ts'
import { QuoteColumns, QuoteDraft } from '../../src/tick/quotes/quotes.ts'
import { TradeColumns, TradeDraft } from '../../src/tick/trades.ts'

/** A trade by the venue's time, a quote by the time of its receipt. */
function trade(columns: TradeColumns, micros: number): void {
  columns.add(Object.assign(new TradeDraft(), { timestampMicros: micros, receivedAtMicros: 1 }))
}

function quote(columns: QuoteColumns, micros: number): void {
  columns.add(Object.assign(new QuoteDraft(), { receivedAtMicros: micros }))
}

/** Chunks of at most `rows` ticks with these times. */
async function* chunks<C extends ReplayColumns>(
  times: readonly number[],
  rows: number,
  columns: (capacity: number) => C,
  add: (columns: C, micros: number) => void,
): ChunkReader {
  for (let from = 0; from < times.length; from += rows) {
    const chunk = columns(rows)
    for (const time of times.slice(from, from + rows)) add(chunk, time)
    yield chunk
  }
}

const anyTimes = fc.array(fc.nat(20), { maxLength: 60 }).map(times => times.toSorted((a, b) => a - b))
const anyRows = fc.integer({ min: 1, max: 20 })

test('ticks of two kinds come once and by time, quotes before trades of the same time, and never before they are due', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyTimes,
      anyTimes,
      anyRows,
      anyRows,
      fc.integer({ min: 1, max: 15 }),
      fc.integer({ min: 1, max: 25 }),
      async (quotes, trades, quoteRows, tradeRows, ticksMax, stepMicros) => {
        const timeline = new Timeline([
          chunks(quotes, quoteRows, capacity => new QuoteColumns(capacity), quote),
          chunks(trades, tradeRows, capacity => new TradeColumns(capacity), trade),
        ])
        const came: string[] = []
        let untilNanos = 0n
        for (let next = await timeline.next(); next !== undefined; next = await timeline.next()) {
          const runs = timeline.take(untilNanos, ticksMax)
          if (next > untilNanos) {
            assert.deepEqual(runs, [])
            untilNanos += BigInt(stepMicros) * 1000n
            continue
          }
          const count = runs.reduce((sum, { start, end }) => sum + end - start, 0)
          assert.ok(count > 0 && count <= ticksMax)
          for (const { ticks, start, end } of runs)
            for (let row = start; row < end; row++) {
              const nanos = timesOf(ticks)[row]!
              assert.ok(nanos <= untilNanos)
              came.push(`${nanos / 1000n} ${ticks instanceof QuoteColumns ? 'quote' : 'trade'}`)
            }
        }
        const expected = [
          ...quotes.map(time => ({ time, kind: 'quote' })),
          ...trades.map(time => ({ time, kind: 'trade' })),
        ].toSorted((a, b) => a.time - b.time)
        assert.deepEqual(
          came,
          expected.map(({ time, kind }) => `${time} ${kind}`),
        )
      },
    ),
  )
})

test('a reader that fails ends the replay with its error, only when its ticks are needed', async () => {
  const failing = async function* (): ChunkReader {
    const chunk = new TradeColumns(1)
    trade(chunk, 1)
    yield chunk
    throw new Error('the store is gone')
  }
  const timeline = new Timeline([failing()])
  assert.equal(await timeline.next(), 1000n)
  assert.equal(timeline.take(undefined, 10).length, 1)
  await assert.rejects(timeline.next(), /the store is gone/)
  await timeline.close()
})
