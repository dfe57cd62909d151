/** The interface for untrusted clients: what ClickHouse's Node client and plain HTTP may do, and what not. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { after, before, describe, test } from 'node:test'
import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { openSqlServer, type SqlServer, TOKEN } from '../../../support/processes/sql-server.ts'

let sqlServer: SqlServer
let client: ClickHouseClient
before(async () => {
  sqlServer = await openSqlServer()
  client = createClient({ url: sqlServer.url, password: TOKEN, log: { level: ClickHouseLogLevel.OFF } })
})
after(async () => {
  await client.close()
  await sqlServer.close()
})

function ask(search: Record<string, string>, options: RequestInit = {}) {
  const headers = { 'x-clickhouse-key': TOKEN, ...options.headers }
  return fetch(`${sqlServer.url}/?${new URLSearchParams(search)}`, { ...options, headers })
}

test('tickhouse query is answered there too, and only reads', async () => {
  const asked = (body: string, token = TOKEN) =>
    fetch(`${sqlServer.url}/api/query?format=TSV`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${token}` },
    })
  assert.equal(await (await asked('SELECT count() FROM all_trades')).text(), '0\n')
  const refused = await asked('DROP TABLE trades')
  assert.equal(refused.status, 400)
  assert.deepEqual(Object.keys((await refused.json()) as object).sort(), ['advice', 'message'])
  assert.equal((await asked('SELECT 1', 'guessed')).status, 403)
})

describe('@clickhouse/client', () => {
  test('pings', async () => assert.equal((await client.ping()).success, true))

  test('selects with parameters and settings', async () => {
    const result = await client.query({
      query: 'SELECT {text:String} AS text, {list:Array(UInt64)} AS list, toString(toDateTime(0)) AS time',
      query_params: { text: 'it\'s\ta\n"b"', list: [1, 2] },
      clickhouse_settings: { session_timezone: 'Asia/Tokyo' },
      format: 'JSONEachRow',
    })
    assert.deepEqual(await result.json(), [{ text: 'it\'s\ta\n"b"', list: [1, 2], time: '1970-01-01 09:00:00' }])
  })

  test('streams a large answer, packed', async () => {
    const packed = createClient({ url: sqlServer.url, password: TOKEN, compression: { response: true } })
    const result = await packed.query({ query: 'SELECT number FROM numbers(500000)', format: 'JSONEachRow' })
    let rows = 0
    for await (const chunk of result.stream()) rows += chunk.length
    assert.equal(rows, 500_000)
    await packed.close()
  })

  test('gets the error by number and name', async () => {
    await assert.rejects(client.query({ query: 'SELECT * FROM nothing' }), error => {
      assert.ok(error instanceof ClickHouseError)
      assert.deepEqual([error.code, error.type], ['60', 'UNKNOWN_TABLE'])
      return true
    })
  })

  test('is refused with another token', async () => {
    const stranger = createClient({ url: sqlServer.url, password: `${TOKEN}x`, log: { level: ClickHouseLogLevel.OFF } })
    await assert.rejects(stranger.query({ query: 'SELECT 1' }), { code: '516', type: 'AUTHENTICATION_FAILED' })
    await stranger.close()
  })
})

describe('plain HTTP', () => {
  test('the token is taken as every ClickHouse client shows it', async () => {
    const basic = `Basic ${Buffer.from(`default:${TOKEN}`).toString('base64')}`
    for (const headers of [
      { 'x-clickhouse-key': TOKEN },
      { authorization: basic },
      { authorization: `Bearer ${TOKEN}` },
    ])
      assert.equal(await (await fetch(`${sqlServer.url}/?query=SELECT+1`, { headers })).text(), '1\n')
    assert.equal((await fetch(`${sqlServer.url}/?query=SELECT+1&password=${TOKEN}`)).status, 200)
    const none = await fetch(`${sqlServer.url}/?query=SELECT+1`)
    assert.equal(none.status, 401)
    assert.match(none.headers.get('www-authenticate')!, /^Basic /)
    assert.match(await none.text(), /^Code: 194\. DB::Exception: .* \(REQUIRED_PASSWORD\)/)
  })

  test('a statement comes by GET, by POST, or in two halves; its own FORMAT wins', async () => {
    assert.equal(await (await ask({ query: 'SELECT 1 AS a', default_format: 'JSONEachRow' })).text(), '{"a":1}\n')
    assert.equal(await (await ask({}, { method: 'POST', body: 'SELECT 1 AS a FORMAT CSV' })).text(), '1\n')
    assert.equal(await (await ask({ query: 'SELECT' }, { method: 'POST', body: '2' })).text(), '2\n')
  })

  test('headers are those of a ClickHouse server', async () => {
    const { headers } = await ask({ query: 'SELECT * FROM numbers(7) FORMAT JSONCompact', query_id: 'mine' })
    assert.equal(headers.get('x-clickhouse-query-id'), 'mine')
    assert.equal(headers.get('x-clickhouse-format'), 'JSONCompact')
    assert.equal(headers.get('x-clickhouse-timezone'), 'UTC')
    assert.equal(JSON.parse(headers.get('x-clickhouse-summary')!).read_rows, '7')
    assert.match(headers.get('content-type')!, /^application\/json/)
    assert.match(headers.get('content-security-policy')!, /sandbox/)
  })

  for (const [format, begins] of [
    ['Native', '\x01\x01\x01a\x05UInt8'],
    ['RowBinaryWithNamesAndTypes', '\x01\x01a\x05UInt8'],
    ['Arrow', 'ARROW1'],
    ['ArrowStream', '\xff\xff\xff\xff'],
    ['Parquet', 'PAR1'],
  ] as const) {
    test(`the form ${format} comes byte for byte`, async () => {
      const bytes = Buffer.from(await (await ask({ query: `SELECT toUInt8(1) AS a FORMAT ${format}` })).arrayBuffer())
      assert.equal(bytes.subarray(0, begins.length).toString('latin1'), begins)
    })
  }

  test('answers are compressed as requested', async () => {
    for (const coding of ['gzip', 'deflate', 'br', 'zstd']) {
      const answer = await ask(
        { query: 'SELECT sum(number) FROM numbers(10)', enable_http_compression: '1' },
        { headers: { 'accept-encoding': coding } },
      )
      assert.equal(answer.headers.get('content-encoding'), coding)
      assert.equal(await answer.text(), '45\n')
    }
  })

  test('limits can be lowered, not raised, and what reaches further is not set', async () => {
    const getting = (setting: string) => ({ query: `SELECT getSetting('${setting}')` })
    assert.equal(await (await ask({ ...getting('max_execution_time'), max_execution_time: '5' })).text(), '5\n')
    assert.equal(await (await ask({ ...getting('max_execution_time'), max_execution_time: '0' })).text(), '30\n')
    assert.equal(await (await ask({ ...getting('readonly'), readonly: '0' })).text(), '1\n')
    for (const setting of [
      'format_schema',
      'output_format_schema',
      'format_template_row',
      'allow_introspection_functions',
      'constructor',
      'toString',
      '__proto__',
    ]) {
      const refused = await ask({ query: 'SELECT 1', [setting]: '1' })
      assert.match(await refused.text(), /^Code: 164\. .* \(READONLY\)/)
    }
    assert.equal((await ask({ query: 'SELECT 1', 'a b; DROP TABLE trades --': '1' })).status, 404)
  })

  test('a query id that cannot be a header is a mistake like any other', async () => {
    for (const query_id of ['a\r\nX-Forged: 1', 'a\nb', '\u0000', '中', 'x'.repeat(2_000)]) {
      const refused = await ask({ query: 'SELECT 1', query_id })
      assert.equal(refused.status, 400)
      assert.match(await refused.text(), /^Code: 36\. DB::Exception: query_id .* \(BAD_ARGUMENTS\)/)
      assert.equal(refused.headers.get('x-clickhouse-exception-code'), '36')
    }
    assert.equal(
      (await ask({ query: 'SELECT 1', query_id: 'my query/1' })).headers.get('x-clickhouse-query-id'),
      'my query/1',
    )
  })

  test('nothing is written, by whatever method', async () => {
    for (const query of [
      'INSERT INTO epochs VALUES (1, 1, now())',
      'DROP TABLE trades',
      "SELECT * FROM file('/etc/hostname')",
    ])
      for (const method of ['GET', 'POST']) {
        const refused = await ask({ query }, { method })
        assert.equal(refused.status, 403, query)
        assert.equal(refused.headers.get('x-clickhouse-exception-code'), '497')
      }
    assert.equal(await (await ask({ query: 'SELECT count() FROM epochs' })).text(), '0\n')
  })

  test('a page of another site gets nothing, not even by a link', async () => {
    const target = new URL(`${sqlServer.url}/?query=SELECT+1&password=${TOKEN}`)
    const status = await new Promise(resolve => {
      const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
      http.get(target, { headers }, response => resolve(response.resume().statusCode))
    })
    assert.equal(status, 403)
  })

  test('a body without end is refused', async () => {
    const refused = await ask({}, { method: 'POST', body: `SELECT '${'x'.repeat(300_000)}'` })
    assert.equal(refused.status, 413)
  })
})
