import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { Batch } from '../../../../src/ingest/batch.ts'
import { querySpreads, Spreads, spreadOf } from '../../../../src/serve/page/market/spreads.ts'
import type { SpreadBar } from '../../../../src/serve/page/protocol.ts'
import { QUOTES } from '../../../../src/tick/kinds.ts'
import { QuoteColumns, QuoteDraft } from '../../../../src/tick/quotes/quotes.ts'
import { openTestStore, type TestStore } from '../../../support/data/storage.ts'

const START_MS = 1_723_161_250_000

let store: TestStore
before(async () => {
  store = await openTestStore()
})
after(() => store.remove())

interface At {
  ms: number
  bid: number
  ask: number
}

/** The bars by definition: each ms has the spread of the newest quote, for a minute at most. */
function expected(quotes: readonly At[], stepMs: number): SpreadBar[] {
  const sums = new Map<number, { sum: number; ms: number }>()
  for (const [index, { ms, bid, ask }] of quotes.entries()) {
    const next = quotes[index + 1]
    for (let at = ms; next && at < Math.min(next.ms, ms + 60_000); at++) {
      const timeMs = Math.floor(at / stepMs) * stepMs
      const bar = sums.get(timeMs) ?? { sum: 0, ms: 0 }
      sums.set(timeMs, { sum: bar.sum + spreadOf(bid, ask), ms: bar.ms + 1 })
    }
  }
  return [...sums].map(([timeMs, { sum, ms }]) => [timeMs, sum / ms])
}

function assertClose(actual: readonly SpreadBar[], wanted: readonly SpreadBar[], within: number): void {
  assert.deepEqual(
    actual.map(([timeMs]) => timeMs),
    wanted.map(([timeMs]) => timeMs),
  )
  for (const [index, [, value]] of actual.entries())
    assert.ok(Math.abs(value - wanted[index]![1]) <= within, `${value}, not ${wanted[index]![1]}`)
}

const steps = fc.array(
  fc.record({ gapMs: fc.integer({ min: 1, max: 4_000 }), width: fc.integer({ min: 1, max: 300 }) }),
  { minLength: 2, maxLength: 40 },
)

test('a quote counts in each bar for the time in which it was the newest', () => {
  fc.assert(
    fc.property(steps, fc.constantFrom(1_000, 10_000), fc.boolean(), (gaps, stepMs, isPushedOften) => {
      const spreads = new Spreads(stepMs)
      const bars = new Map<number, number>()
      const quotes: At[] = []
      let ms = START_MS
      for (const { gapMs, width } of gaps) {
        ms += gapMs
        quotes.push({ ms, bid: 10_000, ask: 10_000 + width })
        spreads.take(ms * 1000, 10_000, 10_000 + width)
        if (isPushedOften) for (const [timeMs, value] of spreads.flush()) bars.set(timeMs, value)
      }
      for (const [timeMs, value] of spreads.flush()) bars.set(timeMs, value)
      assertClose([...bars], expected(quotes, stepMs), 1e-3)
    }),
  )
})

test('after a minute without a quote nothing is known, and quotes that come out of order are left out', () => {
  const spreads = new Spreads(10_000)
  spreads.take(START_MS * 1000, 100, 101)
  spreads.take((START_MS + 300_000) * 1000, 100, 102)
  spreads.take((START_MS + 200_000) * 1000, 100, 109)
  assert.equal(spreads.flush().length, 6)
})

test('the table has the same bars as the quotes that were taken, to within what ten samples a bar can show', async () => {
  const quotes: At[] = Array.from({ length: 400 }, (_, index) => ({
    ms: START_MS + index * 250,
    bid: 10_000,
    ask: 10_000 + 1 + ((index * 7) % 13),
  }))
  const columns = new QuoteColumns(quotes.length)
  for (const [index, { ms, bid, ask }] of quotes.entries()) {
    const side = { bidPrice: bid, bidSize: 1, askPrice: ask, askSize: 2 }
    const draft = Object.assign(new QuoteDraft(), { venue: 'binance', symbol: 'BTCUSDT', ...side })
    columns.add(Object.assign(draft, { receivedAtMicros: ms * 1000, sequence: index + 1 }))
  }
  const batch = new Batch(0)
  const record = { kind: 'quotes', format: 'native', version: 1, ticks: quotes.length, payload: new Uint8Array(0) }
  batch.begin({ ...record, partition: 0, offset: 0, timestampMs: START_MS }, 0)
  batch.addTicks(QUOTES, 0, columns, 0, quotes.length)
  await store.store.insertBlock('quotes', batch.block('quotes', 0), { partition: 0, epoch: 1 })
  const query = { venue: 'binance', symbol: 'BTCUSDT', seconds: 10 }
  const bars = await querySpreads(store.store, { ...query, beforeMs: START_MS + 100_000 })
  const wanted = expected([...quotes, { ms: START_MS + 100_000, bid: 1, ask: 1 }], 10_000)
  assertClose(bars, wanted, 2)
  assert.ok(Math.abs(mean(bars) - mean(wanted)) < 0.5)
  assert.deepEqual(await querySpreads(store.store, { ...query, symbol: 'ETHUSDT', beforeMs: START_MS + 100_000 }), [])
  const early = await querySpreads(store.store, { ...query, beforeMs: START_MS + 50_000 })
  assert.deepEqual(
    early.map(([timeMs]) => timeMs),
    bars.slice(0, 5).map(([timeMs]) => timeMs),
  )
})

const mean = (bars: readonly SpreadBar[]): number => bars.reduce((sum, [, value]) => sum + value, 0) / bars.length

test('the newest bar of the table continues with the quotes that follow', () => {
  const spreads = new Spreads(10_000)
  spreads.load([START_MS, 4], START_MS + 5_000)
  spreads.take((START_MS + 5_000) * 1000, 9_999, 10_001)
  spreads.take((START_MS + 10_000) * 1000, 9_999, 10_001)
  assert.deepEqual(spreads.flush(), [[START_MS, 3]])
})
