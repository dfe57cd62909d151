import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SYSTEM_CLOCK } from '../../src/clock.ts'
import { Checkpoint, type GapRow } from '../../src/ingest/checkpoint.ts'
import { SKIPPED } from '../../src/ingest/gaps/gap.ts'
import { openBoth } from '../support/data/storage.ts'
import { storeAll } from '../support/data/storing.ts'
import { tradesOf } from '../support/data/trades.ts'

test('a gap that a batch found which never arrived is followed, also where nothing else of its symbol is stored', async t => {
  const { log, store } = await openBoth(t)
  // Written ahead of trades 10 and 13, whose record left the log before it was stored.
  const ahead: GapRow = {
    ...{ venue: 'binance', symbol: 'BTCUSDT', run: 0, first: 11, last: 12, missing: 2, foundAtMicros: 1.7e15 },
    ...{
      state: 'open',
      reason: SKIPPED,
      afterMicros: Number.NEGATIVE_INFINITY,
      beforeMicros: Number.POSITIVE_INFINITY,
    },
  }
  await new Checkpoint(store, SYSTEM_CLOCK).writeGaps([ahead], await store.claim(0))
  const trade = (tradeId: number) => ({ symbol: 'BTCUSDT', tradeId, price: 1, volume: 1, side: 'buy' as const })
  await log.append(0, [tradesOf('binance', [trade(11), trade(15)])])
  await storeAll(log, store)
  const gaps = await store.rows(
    'SELECT toUInt32(first_id) AS first, toUInt32(last_id) AS last, toUInt32(missing) AS missing FROM gaps FINAL ORDER BY first',
  )
  assert.deepEqual(gaps, [
    { first: 11, last: 12, missing: 1 },
    { first: 12, last: 14, missing: 3 },
  ])
})

test('the owner of a partition publishes how far it is stored, also if its previous owner did not and nothing new came', async t => {
  const { log, store } = await openBoth(t)
  const trade = { symbol: 'BTCUSDT', tradeId: 1, price: 1, volume: 1, side: 'buy' as const }
  await log.append(0, [tradesOf('binance', [trade])])
  await storeAll(log, store)
  const published: number[][] = []
  log.noteStored = (partition, below) => published.push([partition, below])
  await storeAll(log, store)
  assert.deepEqual(
    published.filter(([partition]) => partition === 0),
    [[0, 1]],
  )
})
