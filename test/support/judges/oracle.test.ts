/** Tests of the checks: each known fault is planted in the tables and must be found, and nothing else. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Log } from '../../../src/log/log.ts'
import { openSqliteLog } from '../../../src/log/sqlite/log.ts'
import type { Store } from '../../../src/store/store.ts'
import { refusedRecord } from '../../../src/tick/records.ts'
import { freshDirectory } from '../../contracts/log.ts'
import { openTestStore } from '../data/storage.ts'
import { storeAll } from '../data/storing.ts'
import { tradesOf } from '../data/trades.ts'
import { checkPositions, compareTrades, type ExpectedTrade, gapsOf, holesOf } from './oracle.ts'

const MADE: ExpectedTrade[] = Array.from({ length: 40 }, (_, index) => ({
  symbol: index % 2 === 0 ? 'AAA' : 'BBB',
  tradeId: 1000 + Math.floor(index / 2),
  price: 100 + index / 100,
  volume: (index + 1) / 1000,
  side: index % 3 === 0 ? 'buy' : 'sell',
}))

/** A log of four records of ten trades and one of two refused frames, all stored. */
async function storedMarket(t: TestContext): Promise<{ log: Log; store: Store }> {
  const { store, remove } = await openTestStore()
  const log = await openSqliteLog(freshDirectory(t), 'write')
  t.after(async () => {
    await log.close()
    await remove()
  })
  for (let start = 0; start < MADE.length; start += 10)
    await log.append(0, [tradesOf('binance', MADE.slice(start, start + 10))])
  const frame = { venue: 'binance', reason: 'malformed_frame' as const, detail: '', raw: 'x', receivedAtMicros: 1e15 }
  await log.append(0, [refusedRecord([frame, frame]), { ...refusedRecord([frame]), version: 9, ticks: 7 }])
  await storeAll(log, store)
  return { log, store }
}

const change = async (store: Store, statement: string): Promise<void> => {
  await store.command(statement, {}, { mutations_sync: '2', async_insert: 0 })
}
const SOUND_PLACES = { ticks: 49, lost: 0, doubled: 0, strange: 0 }
const SOUND_TRADES = { stored: 40, missing: [], doubled: 0, changed: 0, strange: 0 }

test('nothing is found where nothing is wrong', async t => {
  const { log, store } = await storedMarket(t)
  assert.deepEqual(await checkPositions(store, log), SOUND_PLACES)
  assert.deepEqual(await compareTrades(store, 'binance', MADE), SOUND_TRADES)
  assert.deepEqual(await holesOf(store, 'binance'), [])
})

test('a lost tick, good or refused, is found', async t => {
  const { log, store } = await storedMarket(t)
  await change(store, `ALTER TABLE trades DELETE WHERE symbol = 'BBB' AND trade_id = 1005`)
  assert.deepEqual(await checkPositions(store, log), { ...SOUND_PLACES, lost: 1 })
  const lost = MADE.find(({ symbol, tradeId }) => symbol === 'BBB' && tradeId === 1005)!
  assert.deepEqual(await compareTrades(store, 'binance', MADE), { ...SOUND_TRADES, stored: 39, missing: [lost] })
  assert.deepEqual(await holesOf(store, 'binance'), [{ symbol: 'BBB', first: 1005, last: 1005 }])
  assert.deepEqual(await gapsOf(store, 'binance', 'open'), [], 'a loss behind the log is no gap of the venue')
  await change(store, 'ALTER TABLE quarantine DELETE WHERE log_offset = 4 AND log_index = 0')
  assert.equal((await checkPositions(store, log)).lost, 2)
  await change(store, 'ALTER TABLE quarantine DELETE WHERE log_offset = 5')
  assert.equal((await checkPositions(store, log)).lost, 9, 'a record refused as a whole stands for all its ticks')
})

test('a doubled tick is found', async t => {
  const { log, store } = await storedMarket(t)
  await change(store, 'INSERT INTO trades SELECT * FROM trades WHERE log_offset = 2 AND log_index < 3')
  assert.deepEqual(await checkPositions(store, log), { ...SOUND_PLACES, doubled: 3 })
  assert.deepEqual(await compareTrades(store, 'binance', MADE), { ...SOUND_TRADES, stored: 43, doubled: 3 })
  await change(store, 'INSERT INTO quarantine SELECT * FROM quarantine')
  assert.equal((await checkPositions(store, log)).doubled, 3 + 2 + 1)
})

test('a tick that is both in trades and in quarantine is found', async t => {
  const { log, store } = await storedMarket(t)
  await change(
    store,
    `INSERT INTO quarantine (log_partition, log_offset, log_index, log_day, ticks)
     SELECT log_partition, log_offset, log_index, log_day, 1 FROM trades WHERE log_offset = 1 AND log_index = 4`,
  )
  assert.deepEqual(await checkPositions(store, log), { ...SOUND_PLACES, doubled: 1 })
})

test('a changed tick is found, down to the last bit', async t => {
  const { store } = await storedMarket(t)
  await change(
    store,
    `ALTER TABLE trades UPDATE volume = reinterpretAsFloat64(bitXor(reinterpretAsUInt64(volume), 1)) WHERE trade_id = 1003 AND symbol = 'AAA'`,
  )
  assert.deepEqual(await compareTrades(store, 'binance', MADE), { ...SOUND_TRADES, changed: 1 })
})

test('a tick that nobody made, or at a place that the log does not have, is found', async t => {
  const { log, store } = await storedMarket(t)
  await change(
    store,
    `INSERT INTO trades SELECT * REPLACE (log_offset + 100 AS log_offset, trade_id + 5000 AS trade_id) FROM (SELECT * FROM trades WHERE log_offset = 3 AND log_index = 0)`,
  )
  assert.deepEqual(await checkPositions(store, log), { ...SOUND_PLACES, strange: 1 })
  assert.deepEqual(await compareTrades(store, 'binance', MADE), { ...SOUND_TRADES, stored: 41, strange: 1 })
})
