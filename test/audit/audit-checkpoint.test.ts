import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { type AuditResult, writeAudit } from '../../src/audit/audit.ts'
import {
  type AuditCheckpoint,
  loadCheckpoint,
  NOTHING_VERIFIED,
  verifiedWith,
} from '../../src/audit/audit-checkpoint.ts'
import { batchOf, tradesNumbered } from '../contracts/store.ts'
import { openTestStore, type TestStore } from '../support/data/storage.ts'

const TICKS_A_RECORD = 1000

/** An audit of records of 1,000 ticks each. */
function auditOf(first: number, below: number, passed = true): AuditResult {
  const ticks = (below - first) * TICKS_A_RECORD
  const counts = { ticks, distinct: ticks, expected: ticks, leftRecords: 0, diverged: '' }
  return { partition: 0, first, below, passed, ...counts, detail: '', tookMs: 1 }
}

const provenBy = (audits: readonly AuditResult[]): AuditCheckpoint => audits.reduce(verifiedWith, NOTHING_VERIFIED)
const proven = (first: number, below: number): AuditCheckpoint => ({
  first,
  below,
  ticks: (below - first) * TICKS_A_RECORD,
})

test('audits that passed one after the other prove all of it, and a failed one proves nothing more until it passes', () => {
  assert.deepEqual(provenBy([auditOf(3, 5), auditOf(5, 9)]), proven(3, 9))
  assert.deepEqual(provenBy([auditOf(3, 5), auditOf(5, 9, false)]), proven(3, 5))
  assert.deepEqual(provenBy([auditOf(3, 5), auditOf(5, 9, false), auditOf(5, 10)]), proven(3, 10))
})

test('what had passed and fails is not proved, and an audit apart from the others proves itself only', () => {
  assert.deepEqual(provenBy([auditOf(0, 5), auditOf(0, 9, false)]), NOTHING_VERIFIED)
  assert.deepEqual(provenBy([auditOf(0, 5), auditOf(7, 9)]), proven(7, 9))
  assert.deepEqual(provenBy([auditOf(0, 5), auditOf(2, 9)]), proven(2, 9))
})

let house: TestStore
before(async () => {
  house = await openTestStore()
})
after(() => house.remove())

/** Ten records are stored and were audited twice, when the log began at the second one. */
beforeEach(async () => {
  const { store } = house
  for (const table of ['trades', 'quarantine', 'audits']) await store.command(`TRUNCATE TABLE ${table}`)
  const batch = batchOf(0, 0, tradesNumbered(1, 10 * TICKS_A_RECORD))
  await store.insertBlock('trades', batch.block('trades', 0), await store.claim(0))
  await writeAudit(store, auditOf(1, 4), Date.now())
  await writeAudit(store, auditOf(4, 10), Date.now())
})

test('what is proved is recalled from the table, by partition, also when the log has dropped records since', async () => {
  assert.deepEqual(await loadCheckpoint(house.store, 0, 1), proven(1, 10))
  assert.deepEqual(await loadCheckpoint(house.store, 0, 3), proven(1, 10))
  assert.deepEqual(await loadCheckpoint(house.store, 0, 5), proven(4, 10))
  assert.deepEqual(await loadCheckpoint(house.store, 0, 10), NOTHING_VERIFIED)
  assert.deepEqual(await loadCheckpoint(house.store, 1, 0), NOTHING_VERIFIED)
})

test('nothing is proved where the audits do not go back to the first record of the log: rows of the table expire', async () => {
  assert.deepEqual(await loadCheckpoint(house.store, 0, 0), NOTHING_VERIFIED)
})

test('nothing is proved where the tables hold fewer ticks than were found, or more', async () => {
  const { store } = house
  await store.deleteRows('trades', 'log_offset = 6 AND log_index = 17', {})
  assert.deepEqual(await loadCheckpoint(store, 0, 1), NOTHING_VERIFIED)
  for (const log_index of [17, 18]) {
    const place = { log_partition: 0, log_offset: 6, log_index, log_day: '2026-11-22' }
    await store.insertRows('quarantine', [{ ...place, ticks: 1, reason: 'price_out_of_range' }])
    const expected = log_index === 17 ? proven(1, 10) : NOTHING_VERIFIED
    assert.deepEqual(await loadCheckpoint(store, 0, 1), expected, 'refused ticks count')
  }
})

test('nothing is proved after a restore until all was audited again', async () => {
  const { store } = house
  await store.insertRows('audits', [
    { log_partition: 0, log_day: '2026-11-22', passed: true, ticks: 5, detail: 'restored' },
  ])
  assert.deepEqual(await loadCheckpoint(store, 0, 1), NOTHING_VERIFIED)
  await writeAudit(store, auditOf(0, 10), Date.now())
  assert.deepEqual(await loadCheckpoint(store, 0, 0), proven(0, 10))
})
