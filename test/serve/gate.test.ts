import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ClickHouseError } from '@clickhouse/client'
import { TickhouseError } from '../../src/errors.ts'
import { admit } from '../../src/serve/gate.ts'
import { openTestStore, type TestStore } from '../support/storage.ts'

let house: TestStore
before(async () => {
  house = await openTestStore()
})
after(() => house.remove())

async function answer(query: string): Promise<string> {
  return Buffer.from(await house.store.untrusted(await admit(house.store, query), 'TSV')).toString()
}

describe('statements that only read are answered', () => {
  for (const query of [
    'SELECT count() FROM trades',
    'SELECT 1;',
    'SHOW TABLES',
    'DESCRIBE trades',
    'EXISTS TABLE trades',
    'EXPLAIN SELECT count() FROM trades',
    "WITH x AS (SELECT 'file(1)' AS a) SELECT a FROM x",
    'SELECT sum(number) FROM numbers(10)',
    "SELECT * FROM candles(venue = 'a', symbol = 'b', seconds = 60)",
    "SELECT 'it\\'s', 'arrayMap(file, x)' AS delta",
    'SELECT name FROM system.tables LIMIT 1',
    'SELECT 1 FORMAT JSONEachRow',
    'SELECT symbol, count() FROM trades GROUP BY symbol UNION ALL SELECT symbol, 1 FROM quarantine',
  ]) {
    test(query, () => assert.doesNotReject(answer(query)))
  }
})

describe('statements that write or reach outside the tables are refused', () => {
  for (const query of [
    'DROP TABLE trades',
    'INSERT INTO log_identity (identity) VALUES (1)',
    'ALTER TABLE trades DELETE WHERE 1',
    'CREATE TABLE x (a Int8) ENGINE = Memory',
    'SYSTEM SHUTDOWN',
    'SYSTEM FLUSH LOGS',
    'SET max_threads = 1',
    'KILL QUERY WHERE 1',
    'USE system',
    'SELECT 1; DROP TABLE trades',
    "SELECT 1 INTO OUTFILE '/tmp/out'",
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM `file`('/etc/passwd')",
    "SELECT * FROM url('http://127.0.0.1:1/')",
    "SELECT * FROM s3('http://127.0.0.1:1/a/b')",
    "SELECT * FROM remote('127.0.0.1', 'default', 'trades')",
    "SELECT * FROM executable('x', 'TSV', 'a String')",
    "SELECT * FROM sqlite('/tmp/x', 'y')",
    "SELECT file('/etc/passwd')",
    "SELECT (SELECT count() FROM url('http://127.0.0.1:1/', 'TSV', 'a String'))",
    "WITH x AS (SELECT * FROM file('/etc/passwd', 'LineAsString')) SELECT * FROM x",
    "SELECT 1 UNION ALL SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "EXPLAIN SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM trades WHERE symbol IN (SELECT * FROM file('/etc/passwd', 'LineAsString'))",
    "DESCRIBE file('/etc/passwd')",
    'SELECT 1 SETTINGS readonly = 0',
    'SELECT sleep(3)',
    "SELECT * APPLY(file) FROM (SELECT '/etc/hostname' AS a)",
    "SELECT COLUMNS('a') APPLY(x -> file(x)) FROM (SELECT '/etc/hostname' AS a)",
    "SELECT arrayMap(file, ['/etc/hostname'])",
    "SELECT arrayMap(`fi\\x6ce`, ['/etc/hostname'])",
    "SELECT `a'`, arrayMap(file, ['/etc/hostname']) AS `'b` FROM (SELECT 1 AS `a'`)",
    'SELECT * APPLY(sleep) FROM (SELECT 1 AS a)',
    'nonsense',
    '',
  ]) {
    test(query || '(nothing)', async () => {
      await assert.rejects(answer(query), error => error instanceof TickhouseError || error instanceof ClickHouseError)
    })
  }

  test('and none of them left anything behind', async () => {
    assert.ok(!fs.existsSync('/tmp/out'))
    const rows = await house.store.rows<{ name: string }>(
      'SELECT name FROM system.tables WHERE database = currentDatabase()',
    )
    assert.ok(rows.some(({ name }) => name === 'trades'))
    assert.ok(!rows.some(({ name }) => name === 'x'))
    assert.deepEqual(await house.store.rows('SELECT * FROM log_identity'), [])
    assert.ok(fs.existsSync(path.join(house.directory, 'store')))
  })
})
