import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { columnNames, schemaStatements } from '../../src/store/schema.ts'
import { openStore } from '../../src/store/store.ts'
import { openTestStore, type TestStore } from '../support/storage.ts'

let opened: TestStore
before(async () => {
  opened = await openTestStore()
})
after(() => opened.remove())

test('the columns read from each schema file are those that the engine makes of it', async () => {
  for (const statement of schemaStatements()) {
    const expected = columnNames(statement)
    if (!expected) continue
    const rows = await opened.store.rows<{ name: string }>(
      'SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {table:String} ORDER BY position',
      { table: expected.table },
    )
    assert.deepEqual(
      rows.map(({ name }) => name),
      expected.names,
    )
  }
})

test('a store whose table lacks a column is refused in one line that names it', async () => {
  const { store } = opened
  await store.client.command({ query: 'ALTER TABLE trades DROP COLUMN logged_at' })
  await assert.rejects(openStore(store.address), {
    code: 'data_foreign',
    message: `the store ${store.address} was made by another version: table trades has no logged_at`,
  })
})
