/** Ad hoc filters as Grafana's plugin sends them, and what the same setting keeps out of sight. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openSqlServer, type SqlServer, TOKEN } from '../../support/processes/sql-server.ts'

let sqlServer: SqlServer
before(async () => {
  sqlServer = await openSqlServer(store =>
    store.insertRows('lost_ranges', [
      { log_partition: 1, first_offset: 1, last_offset: 2 },
      { log_partition: 2, first_offset: 10, last_offset: 20 },
    ]),
  )
})
after(() => sqlServer.close())

async function ask(query: string, settings: Record<string, string> = {}) {
  const response = await fetch(`${sqlServer.url}/?${new URLSearchParams({ query, password: TOKEN, ...settings })}`)
  return { status: response.status, text: await response.text() }
}

test('a filter in the words of the Grafana plugin is applied', async () => {
  const text = String.raw`settings additional_table_filters={'lost_ranges' : ' first_offset > \'5\' '}`
  for (const table of ['lost_ranges', 'default.lost_ranges', '"default"."lost_ranges" AS l'])
    assert.deepEqual(await ask(`select last_offset from ${table} ${text}`), { status: 200, text: '20\n' })
  const quoted = String.raw`settings additional_table_filters={'trades' : ' side = \'buy\' '}`
  assert.deepEqual(await ask(`select count() from trades ${quoted}`), { status: 200, text: '0\n' })
})

test('it may come in the address as well, and of several tables', async () => {
  const filters = String.raw`{'default.lost_ranges':'log_partition = 1', 'quarantine':'reason = \'it\\\'s\''}`
  const query = 'SELECT sum(last_offset), (SELECT count() FROM quarantine) FROM lost_ranges'
  assert.deepEqual(await ask(query, { additional_table_filters: filters }), { status: 200, text: '2\t0\n' })
})

test('its condition is checked like a statement', async () => {
  for (const condition of [
    "file(\\'/etc/passwd\\') != \\'\\'",
    '1 IN `/etc/passwd`',
    'symbol IN (SELECT * FROM `/etc/passwd`)',
    'symbol IN (SELECT name FROM system.users)',
    "1) UNION ALL SELECT file(\\'/etc/passwd\\') WHERE (1",
    'sleep(3) = 0',
    '1 SETTINGS readonly = 0',
    '1 -- ',
    '1; DROP TABLE trades',
    'nonsense of no kind',
  ]) {
    const { status } = await ask(
      `SELECT count() FROM trades SETTINGS additional_table_filters = {'trades' : '${condition}'}`,
    )
    if (condition === '1 -- ') assert.equal(status, 200)
    else assert.ok(status >= 400, condition)
  }
})

test('what is no filter, of no table, or too long is refused', async () => {
  for (const filters of [
    "{'/etc/passwd':'1'}",
    "{'system.tables':'1'}",
    "{'system.databases':'1'}",
    "{'nothing':'1'}",
    "'trades'",
    '{}x',
    `{'trades':'${'1 AND '.repeat(5_000)}1'}`,
  ])
    assert.ok((await ask('SELECT 1', { additional_table_filters: filters })).status >= 400, filters.slice(0, 50))
  assert.equal((await ask('SELECT 1', { additional_table_filters: '{}' })).status, 200)
})

test('the internal database is in no listing, and what stands on it is answered', async () => {
  for (const query of [
    'SHOW DATABASES',
    'SHOW TABLES FROM archived',
    'SELECT database, name FROM system.tables',
    'SELECT DISTINCT database FROM system.columns',
    'SELECT name FROM system.databases',
    'SELECT table_schema FROM information_schema.tables',
    'SELECT schema_name FROM information_schema.schemata',
  ]) {
    const { status, text } = await ask(query)
    assert.equal(status, 200, text)
    assert.doesNotMatch(text, /archived/, query)
    if (!/SHOW TABLES/.test(query)) assert.match(text, /default/, query)
  }
  assert.equal((await ask('EXISTS DATABASE archived')).text, '0\n')
  assert.equal((await ask('SELECT count() FROM all_trades')).text, '0\n')
})
