import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RepeatedTrades, type RepeatedTradesRow } from '../../../src/ingest/ids/repeated-trades.ts'
import { ORIGIN, SIDE, TradeColumns } from '../../../src/tick/trades.ts'

const HOUR = 3_600

function tradesOf(rows: readonly { symbol: string; tradeId: number | bigint }[]): TradeColumns {
  const trades = new TradeColumns(rows.length)
  const values = {
    timestampMicros: 1e15,
    timestampNanos: 0,
    receivedAtMicros: 1e15,
    price: 1,
    volume: 2,
    side: SIDE.buy,
  }
  for (const row of rows) trades.add({ venue: 'binance', ...row, ...values, origin: ORIGIN.live })
  return trades
}

/** A repeat: seconds of the log's time since the one before, records since, ticks of the record left out, symbol, id. */
const repeat = fc.record({
  seconds: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 2 * HOUR })),
  records: fc.nat({ max: 2 }),
  skipped: fc.nat({ max: 2 }),
  symbol: fc.constantFrom('AAA', 'BBB', 'CCC'),
  // Mostly the next id of the symbol.
  id: fc.option(fc.oneof(fc.bigInt({ min: 0n, max: 20n }), fc.bigInt({ min: 2n ** 32n - 2n, max: 2n ** 64n - 9n }))),
})

test('rows of repeats name the position and the id of each exactly once, none reaches into two hours of the log', () => {
  fc.assert(
    fc.property(fc.array(repeat, { maxLength: 60 }), arrivals => {
      const next = new Map<string, bigint>()
      let [offset, index, seconds] = [0, -1, 5]
      const came = arrivals.map(({ seconds: later, records, skipped, symbol, id }) => {
        // A record has one time.
        const forward = later > 0 ? Math.max(1, records) : records
        if (forward > 0) [offset, index, seconds] = [offset + forward, -1, seconds + later]
        index += 1 + skipped
        const tradeId = id ?? next.get(symbol) ?? 7n
        next.set(symbol, tradeId + 1n)
        return { offset, index, seconds, symbol, tradeId }
      })
      const trades = tradesOf(came)
      const repeats = new RepeatedTrades()
      const indexes = Uint32Array.from(came, ({ index }) => index)
      for (const [row, one] of came.entries()) repeats.add(one.offset, one.seconds, trades, row, row + 1, indexes)
      const rows = repeats.take()
      assert.ok(repeats.empty)

      const positions: [number, number][] = []
      const ids: string[] = []
      for (const row of rows) {
        const { at, ids: ranges } = JSON.parse(String(row.raw)) as RepeatedTradesRow
        const own = at.flatMap(([offset, first, last]) =>
          Array.from({ length: last - first + 1 }, (_, n): [number, number] => [offset, first + n]),
        )
        assert.equal(own.length, row.ticks)
        assert.deepEqual([row.offset, row.index], [at.at(-1)![0], at.at(-1)![1]], 'stored where its last range begins')
        const hours = came.filter(one => own.some(([at, n]) => at === one.offset && n === one.index))
        assert.equal(new Set(hours.map(one => Math.floor(one.seconds / HOUR))).size, 1)
        const named = ranges.flatMap(([, symbol, first, last]) =>
          Array.from(
            { length: Number(BigInt(last) - BigInt(first)) + 1 },
            (_, n) => `${symbol} ${BigInt(first) + BigInt(n)}`,
          ),
        )
        assert.equal(named.length, row.ticks)
        positions.push(...own)
        ids.push(...named)
      }
      assert.deepEqual(
        positions,
        came.map(({ offset, index }) => [offset, index]),
      )
      assert.deepEqual(ids.sort(), came.map(({ symbol, tradeId }) => `${symbol} ${tradeId}`).sort())
    }),
  )
})

test('two recorders of a symbol: a thousand records of copies are one row with one range of ids', () => {
  const repeats = new RepeatedTrades()
  for (let record = 0; record < 1_000; record++) {
    const trades = tradesOf(Array.from({ length: 10 }, (_, at) => ({ symbol: 'AAA', tradeId: 10 * record + at })))
    repeats.add(record, 5, trades, 0, 10)
  }
  const [row, ...others] = repeats.take()
  assert.deepEqual(others, [])
  const { at, ids } = JSON.parse(String(row!.raw)) as RepeatedTradesRow
  assert.deepEqual([row!.ticks, at.length, ids], [10_000, 1_000, [['binance', 'AAA', '0', '9999']]])
})
