/** The view over table and archive answers as the table alone did, whatever a statement reads of it. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { type ArchiveFixture, moveAllToArchive, openArchiveFixture } from '../support/data/archiving.ts'

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-view-'))
let fixture: ArchiveFixture
/** The table's answers, by statement, from before its days were archived. */
const expected = new Map<string, unknown>()

const CONDITIONS = [
  "symbol = 'AAA'",
  "symbol IN ('AAA', 'BBB')",
  "symbol LIKE 'A%'",
  "venue = 'binance'",
  "(venue, symbol) IN (('binance', 'AAA'))",
  "(venue, symbol) = ('binance', 'AAA')",
  "concat(venue, ':', symbol) IN ('binance:AAA')",
  'price > 0',
  "(symbol, side) NOT IN (('BBB', 'sell'))",
  '(log_partition, log_offset) >= (0, 2)',
  'log_offset < 1000',
  "log_day >= '2026-11-22'",
  "(log_day, venue) IN (SELECT DISTINCT log_day, venue FROM instruments UNION ALL SELECT toDate('2026-11-22'), 'binance')",
  'timestamp > toDateTime64(0, 9)',
  'id_run = 0',
]
const OUTPUTS = ['count()', 'sum(trade_id)', 'uniqExact(trade_id)', 'min(log_day)', 'max(tuple(symbol, trade_id))']

const STATEMENTS = fc.sample(
  fc.record({
    output: fc.constantFrom(...OUTPUTS),
    conditions: fc.uniqueArray(fc.constantFrom(...CONDITIONS), { minLength: 1, maxLength: 4 }),
    joint: fc.constantFrom(' AND ', ' AND ', ' OR '),
  }),
  { numRuns: 60, seed: 20_261_128 },
)
const sqlOf = (from: string) => (each: (typeof STATEMENTS)[number]) =>
  `SELECT ${each.output} AS answer FROM ${from} WHERE ${each.conditions.join(each.joint)}`

before(async () => {
  fixture = await openArchiveFixture(directory)
  for (const query of STATEMENTS.map(sqlOf('trades')))
    expected.set(query.replace('FROM trades', 'FROM all_trades'), await fixture.store.rows(query))
  await moveAllToArchive(fixture, directory)
})
after(async () => {
  await fixture.close()
  fs.rmSync(directory, { recursive: true, force: true })
})

test('any conditions over archived trades, on columns that are answered or not, select what they did in the table', async () => {
  assert.ok(new Set([...expected.values()].map(rows => JSON.stringify(rows))).size > 10, 'statements differ in answers')
  const other: string[] = []
  for (const [query, rows] of expected) {
    const found = await fixture.store.rows(query).catch(String)
    if (JSON.stringify(found) !== JSON.stringify(rows)) other.push(`${query}: ${JSON.stringify(found).slice(0, 200)}`)
  }
  assert.deepEqual(other, [])
})
