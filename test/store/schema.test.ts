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

test('ids without a hole and receive times of whole microseconds take little room', async () => {
  const { store } = opened
  await store.client.command({
    query: `INSERT INTO trades (venue, symbol, timestamp, received_at, trade_id, log_day)
      SELECT 'binance', 'BTCUSDT', fromUnixTimestamp64Milli(1723161255000 + number) AS at, at + toIntervalMicrosecond(8000 + rand() % 1000),
        3735683259 + number, '2024-08-08' FROM numbers(300000)`,
  })
  const [bytes] = await store.rows<{ ids: number; received: number }>(
    `SELECT sumIf(column_data_compressed_bytes, column = 'trade_id') / 300000 AS ids,
       sumIf(column_data_compressed_bytes, column = 'received_at') / 300000 AS received
     FROM system.parts_columns WHERE active AND database = currentDatabase() AND table = 'trades'`,
  )
  const { ids, received } = bytes!
  assert.ok(ids > 0 && ids < 0.1, `${ids} bytes an id`)
  assert.ok(received > 0 && received < 2.5, `${received} bytes a receive time`)
})

test('a store whose table lacks a column is refused in one line that names it', async () => {
  const { store } = opened
  await store.client.command({ query: 'ALTER TABLE trades DROP COLUMN logged_at' })
  await assert.rejects(openStore(store.address), {
    code: 'data_foreign',
    message: `the store ${store.address} was made by another version: table trades has no logged_at`,
  })
})
