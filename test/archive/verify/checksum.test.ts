import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Column, columnsOf } from '../../../src/archive/columns.ts'
import { TICK_KINDS } from '../../../src/archive/kinds.ts'
import { fingerprintFrom, fingerprintQuery } from '../../../src/archive/verify/checksum.ts'
import { openTestStore, type TestStore } from '../../support/data/storage.ts'

let opened: TestStore
before(async () => {
  opened = await openTestStore()
})
after(() => opened.remove())

/** The hashes of one row whose column has a value. */
async function hashes(table: string, column: string, value: number, columns: readonly Column[]): Promise<string> {
  const { store } = opened
  const kind = TICK_KINDS.find(one => one.table === table)!
  await store.command(`TRUNCATE TABLE ${table}`)
  await store.command(`INSERT INTO ${table} (log_day, ${column}) VALUES ('2026-01-02', ${value})`)
  const { hashSum, hashXor } = fingerprintFrom(await store.rows(fingerprintQuery(kind, columns, table)))
  return `${hashSum} ${hashXor}`
}

const LATER = { trades: ['id_run'], quarantine: ['id_run', 'received_bytes', 'trade_id'] }

for (const [table, later] of Object.entries(LATER))
  test(`columns added to ${table} later are hashed too, and rows without them keep their hash`, async () => {
    const columns = await columnsOf(opened.store, table)
    const earlier = columns.filter(({ name }) => ![...later, 'log_hash'].includes(name))
    for (const name of later) {
      // stored_at is part of what is proved, and is that of each insert.
      const without = columns.filter(column => column.name !== 'stored_at')
      const plain = await hashes(table, name, 0, without)
      assert.notEqual(await hashes(table, name, 7, without), plain, name)
      assert.notEqual(await hashes(table, name, 8, without), await hashes(table, name, 7, without), name)
      assert.equal(
        plain,
        await hashes(
          table,
          name,
          0,
          earlier.filter(column => column.name !== 'stored_at'),
        ),
        name,
      )
    }
  })

test('every column but the hash of the record is part of the checksum', async () => {
  const numbers = /^(U?Int|Float)\d+$/
  for (const { table } of TICK_KINDS) {
    const columns = (await columnsOf(opened.store, table)).filter(({ name }) => name !== 'stored_at')
    for (const { name } of columns.filter(({ type, name }) => numbers.test(type) && name !== 'log_hash')) {
      assert.notEqual(await hashes(table, name, 1, columns), await hashes(table, name, 0, columns), `${table}.${name}`)
    }
    assert.equal(await hashes(table, 'log_hash', 1, columns), await hashes(table, 'log_hash', 0, columns))
  }
})
