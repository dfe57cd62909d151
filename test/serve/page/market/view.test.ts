import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Batch } from '../../../../src/ingest/batch.ts'
import { queryBars, toBar } from '../../../../src/serve/page/market/candles.ts'
import { View } from '../../../../src/serve/page/market/view.ts'
import type { Bar } from '../../../../src/serve/page/protocol.ts'
import { Random } from '../../../../src/simulator/random.ts'
import { TRADES } from '../../../../src/tick/kinds.ts'
import { ORIGIN, TradeColumns } from '../../../../src/tick/trades.ts'
import { openTestStore, type TestStore } from '../../../support/data/storage.ts'

let house: TestStore
before(async () => {
  house = await openTestStore()
})
after(() => house.remove())

const START_MICROS = 1_723_161_255_000_000

/**
 * A batch of seeded trades, one record of the given offset; times rise by about half a second with some out of order.
 */
function batchOf(offset: number, count: number, random: Random, symbol = 'BTCUSDT'): Batch {
  const trades = new TradeColumns(count)
  for (let row = 0; row < count; row++) {
    const micros = START_MICROS + (offset * count + row) * 500_000 - Math.floor(random.uniform() * 3_000_000)
    const price = 60_000 + Math.floor(random.uniform() * 1_000) / 10
    trades.add({
      venue: 'binance',
      symbol,
      timestampMicros: micros,
      timestampNanos: 0,
      receivedAtMicros: micros,
      price,
      volume: 1 + Math.floor(random.uniform() * 8) / 8,
      side: 1,
      tradeId: offset * count + row,
      origin: ORIGIN.live,
    })
  }
  const batch = new Batch(0)
  batch.begin(
    {
      kind: 'trades',
      format: 'native',
      version: 1,
      ticks: count,
      payload: new Uint8Array(0),
      partition: 0,
      offset,
      timestampMs: 1e12,
    },
    0,
  )
  batch.addTicks(TRADES, offset, trades, 0, count)
  return batch
}

function merge(history: Bar[], updates: Bar[]): Bar[] {
  const bars = new Map(history.map(bar => [bar[0], bar]))
  for (const bar of updates) bars.set(bar[0], bar)
  return [...bars.values()].sort((a, b) => a[0] - b[0])
}

test('history and updates together are the bars of the table, whenever the view was opened and whatever came meanwhile', async () => {
  const random = new Random(7)
  const view = new View('binance', 'BTCUSDT', 10)
  let history: Bar[] = []
  const updates: Bar[] = []
  for (let offset = 0; offset < 8; offset++) {
    const batch = batchOf(offset, 50, random)
    if (offset === 4) {
      // Opened here: later trades are passed to the view, and the history is loaded below this offset.
      const loading = view.load(house.store, START_MICROS / 1000 + 8 * 50 * 500, new Map([[0, offset]]))
      await house.store.insertBlock('trades', batch.block('trades', 0), { partition: 0, epoch: 1 })
      view.take(batch.trades)
      history = (await loading).bars
    } else {
      await house.store.insertBlock('trades', batch.block('trades', 0), { partition: 0, epoch: 1 })
      if (offset > 4) view.take(batch.trades)
    }
    updates.push(...(view.flush()?.bars ?? []))
  }
  const all = await queryBars(house.store, {
    venue: 'binance',
    symbol: 'BTCUSDT',
    seconds: 10,
    beforeMs: Date.now(),
  })
  const recent = await queryBars(house.store, {
    venue: 'binance',
    symbol: 'BTCUSDT',
    seconds: 10,
    beforeMs: START_MICROS / 1000 + 8 * 50 * 500 + 10_000,
  })
  assert.deepEqual(all, [], 'a thousand bars before today there is nothing')
  assert.ok(recent.length >= 20)
  assert.deepEqual(merge(history, updates), recent.map(toBar))
})

test('only the view’s own symbol changes it', () => {
  const view = new View('binance', 'ETHUSDT', 10)
  view.take(batchOf(20, 10, new Random(1), 'BTCUSDT').trades)
  assert.equal(view.flush(), undefined)
  view.take(batchOf(21, 10, new Random(1), 'ETHUSDT').trades)
  assert.equal(view.flush()?.prints.length, 10)
})

test('prints are newest first, and those beyond a screen are counted', () => {
  const view = new View('binance', 'BTCUSDT', 10)
  view.take(batchOf(22, 100, new Random(1)).trades)
  const update = view.flush()!
  assert.equal(update.prints.length, 40)
  assert.equal(update.skipped, 60)
  assert.equal(update.prints[0]![4], String(22 * 100 + 99))
})

test('a trade too late for the bars in memory makes the history stale, so that it is loaded again', () => {
  const view = new View('binance', 'BTCUSDT', 1)
  view.take(batchOf(5_000, 10, new Random(1)).trades)
  view.flush()
  assert.equal(view.stale, false)
  view.take(batchOf(0, 1, new Random(1)).trades)
  assert.deepEqual(view.flush()?.bars, [])
  assert.equal(view.stale, true)
})
