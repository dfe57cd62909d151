/**
 * One record in a hundred is wrong: the process stays up, every good tick is stored, every other one is kept with its
 * reason.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogRecord, OpenLog } from '../../src/log/log.ts'
import { EXTERNAL_VENUE } from '../../src/tick/json.ts'
import { assertKept, POISONS, type Poison } from '../support/data/poison.ts'
import { tradesOf } from '../support/data/trades.ts'
import { report, rounds, Schedule } from '../support/faults.ts'
import {
  assertPositions,
  assertTrades,
  checkPositions,
  compareTrades,
  type ExpectedTrade,
  gapsOf,
} from '../support/judges/oracle.ts'
import { TestInstance } from '../support/processes/tickhouse.ts'

/**
 * Appends good records with a poison after every 99 of them, in the schedule's order. Returns where each poison lies.
 */
async function appendPoisoned(
  log: OpenLog,
  trades: readonly ExpectedTrade[],
  poisons: readonly Poison[],
): Promise<Map<number, Poison>> {
  const placed = new Map<number, Poison>()
  const perRecord = Math.ceil(trades.length / (poisons.length * 99))
  const records: LogRecord[] = []
  for (let start = 0; start < trades.length; start += perRecord) {
    records.push(tradesOf('binance', trades.slice(start, start + perRecord)))
    const poison = records.length % 100 === 99 ? poisons[placed.size] : undefined
    if (!poison) continue
    placed.set(records.length, poison)
    records.push(poison.record)
  }
  for (let start = 0; start < records.length; start += 50) await log.append(0, records.slice(start, start + 50))
  return placed
}

test('poison at one record in a hundred: good ones stored, bad ones kept byte for byte with their reason', async t => {
  const schedule = new Schedule(t)
  const poisons = Array.from({ length: rounds(1, 20) }, () => POISONS).flat()
  for (let left = poisons.length - 1; left > 0; left--) {
    const other = schedule.below(left + 1)
    ;[poisons[left], poisons[other]] = [poisons[other]!, poisons[left]!]
  }
  const trades: ExpectedTrade[] = Array.from({ length: poisons.length * 99 * 3 }, (_, index) => ({
    symbol: index % 2 ? 'AAA' : 'BBB',
    tradeId: 1 + Math.floor(index / 2),
    price: 1 + index / 100,
    volume: 1 + (index % 9) / 10,
    side: 'sell',
  }))
  const instance = new TestInstance(t)
  const log = await instance.log('write')
  t.after(() => log.close())
  const storing = instance.run('ingest')
  await storing.waitFor('ingest_started')
  const placed = await appendPoisoned(log, trades, poisons)
  assert.equal(placed.size, poisons.length)
  await storing.drained()
  assert.deepEqual(await storing.end('SIGTERM'), { code: 0, signal: null }, 'it stayed up')
  for (const failure of ['insert_failed', 'ingest_failed', 'audit_failed'] as const)
    assert.deepEqual(storing.logged(failure), [])

  const store = await instance.store()
  try {
    const positions = await checkPositions(store, log)
    const result = await compareTrades(store, 'binance', trades)
    report(t, `${placed.size} poisoned records of ${log.bounds(0).next}`, positions, result)
    assertPositions(positions)
    assertTrades(result)
    assert.deepEqual(await gapsOf(store, 'binance', 'open'), [])
    await assertKept(store, placed)
  } finally {
    await store.close()
  }
})

test('blocks with random bytes changed never stop the process and never lose a position', async t => {
  const schedule = new Schedule(t)
  const instance = new TestInstance(t)
  const log = await instance.log('write')
  t.after(() => log.close())
  const storing = instance.run('ingest')
  await storing.waitFor('ingest_started')
  const mutants = rounds(500, 20_000)
  for (let mutant = 0; mutant < mutants; mutant += 50) {
    const records = Array.from({ length: 50 }, (_, index) => {
      const tick: ExpectedTrade = { symbol: 'AAA', tradeId: mutant + index, price: 1, volume: 1, side: 'buy' }
      // The id is no counter of this venue, so that a changed one opens no gap.
      const record = tradesOf(EXTERNAL_VENUE, [tick, tick, tick])
      for (let change = schedule.below(3); change >= 0; change--)
        record.payload[schedule.below(record.payload.length)] = schedule.below(256)
      return record
    })
    await log.append(0, records)
  }
  await storing.drained()
  assert.deepEqual(await storing.end('SIGTERM'), { code: 0, signal: null })
  assert.deepEqual(storing.logged('audit_failed'), [])
  const store = await instance.store()
  try {
    const positions = await checkPositions(store, log)
    report(t, `${mutants} changed blocks`, positions)
    assertPositions(positions)
    const [{ refused } = { refused: 0 }] = await store.rows<{ refused: number }>(
      'SELECT toUInt32(count()) AS refused FROM quarantine',
    )
    assert.ok(refused > mutants / 10, `${refused} refused`)
  } finally {
    await store.close()
  }
})
