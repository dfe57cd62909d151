import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TimeOrder } from '../../src/replay/time-order.ts'
import { ORIGIN, SIDE, TradeColumns } from '../../src/tick/trades.ts'

interface Tick {
  venue: string
  symbol: string
  nanos: bigint
  id: bigint
  /** Distinguishes ticks that are equal in all sort keys. */
  price: number
}

const START = 1_790_000_000_000_000_000n

const anyTicks = fc.array(
  fc.record(
    {
      venue: fc.constantFrom('binance', 'kraken'),
      // Above U+FFFF UTF-16 order differs from byte order.
      symbol: fc.constantFrom('AAA', 'BBB', '\u{ff21}', '\u{1f600}'),
      nanos: fc.oneof(
        fc.bigInt({ min: START, max: START + 3n }),
        fc.bigInt({ min: START, max: START + 30n * 86_400_000_000_000n }),
      ),
      id: fc.oneof(fc.bigInt({ min: 0n, max: 3n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
      price: fc.double({ noNaN: true }),
    },
    { noNullPrototype: true },
  ),
  { maxLength: 200 },
)

function columnsOf(ticks: readonly Tick[]): TradeColumns {
  const trades = new TradeColumns(ticks.length)
  for (const { venue, symbol, nanos, id, price } of ticks) {
    const micros = Number(nanos / 1000n)
    trades.add({
      venue,
      symbol,
      timestampMicros: micros,
      timestampNanos: Number(nanos % 1000n),
      receivedAtMicros: micros,
      price,
      volume: 1,
      side: SIDE.buy,
      tradeId: id,
      conditions: symbol === 'AAA' ? String(id & 3n) : '',
      ...(venue === 'binance' && { firstId: Number(id & 0xffn), lastId: Number(id & 0xffn) + 1 }),
      origin: ORIGIN.live,
    })
  }
  return trades
}

const ticksOf = (trades: TradeColumns): Tick[] =>
  Array.from({ length: trades.length }, (_, row) => ({
    venue: trades.venues.words[trades.venue[row]!]!,
    symbol: trades.symbols.words[trades.symbol[row]!]!,
    nanos: trades.timestamp[row]!,
    id: trades.tradeId[row]!,
    price: trades.price[row]!,
  }))

const compare = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0)
const compareBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
const byTime = (a: Tick, b: Tick) =>
  compare(a.nanos, b.nanos) || compare(a.id, b.id) || compareBytes(a.venue, b.venue) || compareBytes(a.symbol, b.symbol)

/** Aggregates keep the ids of the trades that they join, and trades their conditions. */
function assertJoined(trades: TradeColumns): void {
  for (const [row, { venue, symbol, id }] of ticksOf(trades).entries()) {
    assert.equal(trades.joined?.last[row] ?? 0n, venue === 'binance' ? (id & 0xffn) + 1n : 0n)
    assert.equal(trades.conditions?.text(row) ?? '', symbol === 'AAA' ? String(id & 3n) : '')
  }
}

test('ticks are sorted by time, id, venue and symbol, stably, and memory is reused', () => {
  const order = new TimeOrder()
  const into = new TradeColumns(0)
  fc.assert(
    fc.property(anyTicks, ticks => {
      const ordered = order.inOrder(columnsOf(ticks), into)
      assert.deepEqual(ticksOf(ordered), ticks.toSorted(byTime))
      assertJoined(ordered)
    }),
  )
})

test('sorted ticks are not copied', () => {
  fc.assert(
    fc.property(anyTicks, ticks => {
      const trades = columnsOf(ticks.toSorted(byTime))
      assert.equal(new TimeOrder().inOrder(trades, new TradeColumns(0)), trades)
    }),
  )
})
