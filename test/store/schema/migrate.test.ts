import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openStore } from '../../../src/store/open.ts'
import { definedColumns, schemaStatements } from '../../../src/store/schema/definitions.ts'
import type { Store } from '../../../src/store/store.ts'
import { openTestStore, type TestStore } from '../../support/data/storage.ts'

let opened: TestStore
before(async () => {
  opened = await openTestStore()
})
after(() => opened.remove())

const tables = schemaStatements().flatMap(statement => definedColumns(statement) ?? [])

test('the columns read from each schema file are those that the engine makes of it', async () => {
  for (const { table, columns } of tables) {
    const expected = columns.map(({ name, type }) => ({ name, type }))
    assert.deepEqual(await columnsOf(opened.store, table), expected, table)
  }
})

test('ids without a hole and receive times of whole microseconds take little room', async () => {
  const { store } = opened
  await store.command(`INSERT INTO trades (venue, symbol, timestamp, received_at, trade_id, log_day)
      SELECT 'binance', 'BTCUSDT', fromUnixTimestamp64Milli(1723161255000 + number) AS at, at + toIntervalMicrosecond(8000 + rand() % 1000),
        3735683259 + number, '2024-08-08' FROM numbers(300000)`)
  const [bytes] = await store.rows<{ ids: number; received: number }>(
    `SELECT sumIf(column_data_compressed_bytes, column = 'trade_id') / 300000 AS ids,
       sumIf(column_data_compressed_bytes, column = 'received_at') / 300000 AS received
     FROM system.parts_columns WHERE active AND database = currentDatabase() AND table = 'trades'`,
  )
  const { ids, received } = bytes!
  assert.ok(ids > 0 && ids < 0.1, `${ids} bytes an id`)
  assert.ok(received > 0 && received < 2.5, `${received} bytes a receive time`)
})

test('a store of an earlier version gets each column it lacks in its place, and its rows get the default', async t => {
  const { store } = opened
  const day = '2026-01-02'
  await store.command(`INSERT INTO trades (venue, log_day) VALUES ('binance', '${day}')`)
  const before = await store.rows('SELECT * FROM all_trades WHERE log_day = {day:Date}', { day })
  for (const { table, columns } of tables) {
    const { key } = (
      await store.rows<{ key: string }>(
        `SELECT concat(sorting_key, ', ', partition_key, ', ', engine_full) AS key FROM system.tables
         WHERE database = currentDatabase() AND name = {table:String}`,
        { table },
      )
    )[0]!
    for (const { name } of columns.filter(column => column.default !== undefined && !key.includes(column.name)))
      await store.command(`ALTER TABLE ${table} DROP COLUMN ${name} SETTINGS mutations_sync = 1`)
  }
  const again = await openStore(store.address)
  t.after(() => again.close())
  for (const { table, columns } of tables)
    assert.deepEqual(
      await columnsOf(again, table),
      columns.map(({ name, type }) => ({ name, type })),
      table,
    )
  const [row] = await again.rows<Record<string, unknown>>('SELECT * FROM all_trades WHERE log_day = {day:Date}', {
    day,
  })
  assert.deepEqual({ ...row, stored_at: '' }, { ...(before[0] as object), stored_at: '' })
})

test('a table of gaps without runs of ids gets them in its order, and keeps its rows', async t => {
  const { store } = opened
  const run = (query: string) => store.command(query)
  const statement = schemaStatements().find(one => one.includes('TABLE IF NOT EXISTS gaps'))!
  const earlier = statement.replace(/^\s+id_run .*\n/m, '').replace(', id_run)', ')')
  assert.doesNotMatch(earlier.slice(earlier.indexOf('CREATE')), /id_run/)
  await run('DROP TABLE gaps')
  await run(earlier)
  await run("INSERT INTO gaps (venue, symbol, first_id, last_id, missing) VALUES ('binance', 'BTCUSDT', 5, 9, 5)")
  const again = await openStore(store.address)
  t.after(() => again.close())
  const [row] = await again.rows<{ id_run: number; missing: number }>('SELECT id_run, missing FROM gaps FINAL')
  assert.deepEqual(row, { id_run: 0, missing: 5 })
  const [key] = await again.rows<{ key: string }>(
    "SELECT sorting_key AS key FROM system.tables WHERE database = currentDatabase() AND name = 'gaps'",
  )
  assert.equal(key!.key, 'venue, symbol, first_id, last_id, id_run')
  await run(
    "INSERT INTO gaps (venue, symbol, first_id, last_id, missing, id_run) VALUES ('binance', 'BTCUSDT', 5, 9, 5, 1)",
  )
  assert.equal((await again.rows('SELECT missing FROM gaps FINAL')).length, 2)
})

test('a store whose enumeration lacks a value gets it, and keeps its rows', async t => {
  const { store } = opened
  const day = '2026-01-03'
  await alter("MODIFY COLUMN origin Enum8('live' = 0, 'repair' = 1)")
  await store.command(`INSERT INTO trades (origin, log_day) VALUES ('repair', '${day}')`)
  const again = await openStore(store.address)
  t.after(() => again.close())
  assert.deepEqual(
    await again.rows('SELECT DISTINCT toString(origin) AS origin FROM trades WHERE log_day = {day:Date}', { day }),
    [{ origin: 'repair' }],
  )
  await again.command(`INSERT INTO trades (origin, log_day) VALUES ('replay', '${day}')`)
})

test('a store that cannot be brought to this version is refused in one line that names the column', async () => {
  const { store } = opened
  for (const [change, undo, why] of [
    ['DROP COLUMN logged_at', "ADD COLUMN logged_at DateTime('UTC') AFTER log_index", 'table trades has no logged_at'],
    [
      'MODIFY COLUMN price Float32',
      'MODIFY COLUMN price Float64',
      'column price of table trades is Float32, not Float64',
    ],
    ["MODIFY COLUMN side Enum8('unknown' = 0, 'long' = 1)", '', /^column side of table trades is Enum8/],
  ] as const) {
    await alter(change)
    await assert.rejects(openStore(store.address), error => {
      const { code, message, advice } = error as Error & { code: string; advice: string }
      assert.equal(code, 'data_foreign')
      const reason = message.replace(`the store ${store.address} was created by another version: `, '')
      if (typeof why === 'string') assert.equal(reason, why)
      else assert.match(reason, why)
      assert.match(advice, /restore/)
      return true
    })
    if (undo) await alter(undo)
  }
})

const alter = (change: string) => opened.store.command(`ALTER TABLE trades ${change} SETTINGS mutations_sync = 1`)

const columnsOf = (store: Store, table: string) =>
  store.rows<{ name: string; type: string }>(
    'SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {table:String} ORDER BY position',
    { table },
  )
