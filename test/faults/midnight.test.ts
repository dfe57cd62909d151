/** Days end while ticks come, and ticks come late and out of order: one part for each batch, nothing lost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSqliteLog } from '../../src/log/sqlite/log.ts'
import { ORIGIN } from '../../src/tick/trades.ts'
import { freshDirectory } from '../contracts/log.ts'
import { openTestStore } from '../support/data/storage.ts'
import { storeAll } from '../support/data/storing.ts'
import { NOON_MICROS, tradesOf } from '../support/data/trades.ts'
import { report, Schedule } from '../support/faults.ts'
import {
  assertPositions,
  assertTrades,
  checkPositions,
  compareTrades,
  type ExpectedTrade,
  gapsOf,
} from '../support/judges/oracle.ts'

const HOUR_MS = 3_600_000
const FIRST_MIDNIGHT_MS = NOON_MICROS / 1000 + 12 * HOUR_MS

test('records over two midnights, late and shuffled: each batch is one part of one log day, every tick is there once', async t => {
  const schedule = new Schedule(t)
  const { store, remove } = await openTestStore()
  let nowMs = FIRST_MIDNIGHT_MS - 2 * HOUR_MS
  const log = await openSqliteLog(freshDirectory(t), 'write', { nowMs: () => nowMs })
  t.after(async () => {
    await log.close()
    await remove()
  })
  const trades: ExpectedTrade[] = Array.from({ length: 3_000 }, (_, index) => ({
    symbol: 'AAA',
    tradeId: index + 1,
    price: 1 + index / 100,
    volume: 1 + (index % 7) / 10,
    side: index % 2 ? 'buy' : 'sell',
  }))
  const groups = Array.from({ length: 150 }, (_, index) => trades.slice(index * 20, index * 20 + 20))
  // The first stays, so that the rest have something to come before; within a group the order is lost too.
  for (let left = groups.length - 1; left > 1; left--) {
    const other = 1 + schedule.below(left)
    ;[groups[left], groups[other]] = [groups[other]!, groups[left]!]
  }
  const stepMs = (28 * HOUR_MS) / groups.length
  for (const group of groups) {
    await log.append(0, [tradesOf('binance', schedule.below(2) ? group.toReversed() : group, ORIGIN.live)])
    nowMs += stepMs
  }
  await store.command('SYSTEM STOP MERGES')
  const batches: { day: number; ticks: number }[] = []
  await storeAll(log, store, {
    config: { BATCH_TICKS_MAX: 170, BATCH_AGE_MS_MAX: 500 },
    onStored: batch => batches.push({ day: batch.logDay, ticks: batch.trades.length }),
  })
  const parts = await store.rows<{ day: number; days: number; ticks: number }>(
    `SELECT toUInt16(any(log_day)) AS day, uniqExact(log_day) AS days, toUInt32(count()) AS ticks FROM trades
     GROUP BY _part ORDER BY min(log_offset)`,
  )
  assert.deepEqual(
    parts,
    batches.map(batch => ({ ...batch, days: 1 })),
  )
  assert.equal(new Set(parts.map(({ day }) => day)).size, 3)
  const positions = await checkPositions(store, log)
  const result = await compareTrades(store, 'binance', trades)
  report(t, `${parts.length} parts over 3 log days`, positions, result)
  assertPositions(positions)
  assertTrades(result)
  assert.deepEqual(await gapsOf(store, 'binance', 'open'), [], 'what came late has closed its gap')
})
