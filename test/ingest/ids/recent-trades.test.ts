import assert from 'node:assert/strict'
import { test } from 'node:test'
import { comparedTradeOf, MATCH, matchOf } from '../../../src/ingest/ids/recent-trades.ts'
import { ORIGIN, TradeColumns } from '../../../src/tick/trades.ts'

/** A trade as it is compared; its time is in µs since 1970 UTC. */
function tradeAt(micros: number, { price = 100, nanos = 0 } = {}) {
  const columns = new TradeColumns(1)
  columns.add({
    ...{ venue: 'binance', symbol: 'AAA', tradeId: 7, price, volume: 1, side: 1, origin: ORIGIN.live },
    ...{ timestampMicros: micros, timestampNanos: nanos, receivedAtMicros: micros },
  })
  return comparedTradeOf(columns, 0)
}

test('a trade that REST states in ms is the one that the feed states in µs, at every millisecond', () => {
  for (let ms = 1_795_392_003_000; ms < 1_795_392_005_000; ms++) {
    const inMs = tradeAt(ms * 1000)
    for (const micros of [1, 705, 999]) {
      assert.equal(matchOf(inMs, tradeAt(ms * 1000 + micros)), MATCH.same, `${ms} ms and ${micros} µs`)
      assert.equal(matchOf(tradeAt(ms * 1000 + micros, { nanos: 3 }), inMs), MATCH.same)
      assert.equal(matchOf(inMs, tradeAt(ms * 1000 + micros, { price: 101 })), MATCH.conflict)
    }
    assert.equal(matchOf(inMs, tradeAt(ms * 1000 - 1)), MATCH.another)
    assert.equal(matchOf(inMs, tradeAt((ms + 1) * 1000)), MATCH.another)
  }
})

test('two times of one millisecond that both have µs are no repeat', () => {
  assert.equal(matchOf(tradeAt(1_795_392_003_618_200), tradeAt(1_795_392_003_618_705)), MATCH.conflict)
})
