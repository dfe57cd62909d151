/** The interface for clients that may write everything: it must behave like a ClickHouse server. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import zlib from 'node:zlib'
import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { parseConfig } from '../../../../src/config.ts'
import { serveStore } from '../../../../src/modes/serve-store.ts'
import type { Serving } from '../../../../src/service.ts'
import { Journal } from '../../../../src/telemetry/journal.ts'

const ONE_PART = {
  async_insert: 0,
  max_insert_block_size: '1048449',
  min_insert_block_size_rows: '1048449',
  min_insert_block_size_bytes: '0',
  max_insert_threads: '1',
  max_threads: 1,
} as const

let directory: string
let running: Serving
let client: ClickHouseClient

before(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-writable-'))
  const config = { ...parseConfig({}, {}), STORE: `chdb:${path.join(directory, 'store')}`, LISTEN: '127.0.0.1:0' }
  running = await serveStore(config, new Journal('test', 'error', 'text'), true)
  const { url } = running
  client = createClient({ url, log: { level: ClickHouseLogLevel.OFF } })
  await client.command({ query: 'CREATE TABLE t (a UInt64, b String) ENGINE = MergeTree ORDER BY a' })
})

after(async () => {
  await client.close()
  await running.stop()
  fs.rmSync(directory, { recursive: true, force: true })
})

async function rows(query: string, query_params: Record<string, unknown> = {}): Promise<unknown[]> {
  return (await client.query({ query, query_params, format: 'JSONEachRow' })).json()
}

async function post(search: Record<string, string>, body: string | Uint8Array<ArrayBuffer>, headers = {}) {
  const response = await fetch(`${running.url}/?${new URLSearchParams(search)}`, { method: 'POST', body, headers })
  return { status: response.status, text: await response.text(), headers: response.headers }
}

async function nativeRows(count: number): Promise<Buffer> {
  const { stream } = await client.exec({ query: `SELECT number AS a, 'x' AS b FROM numbers(${count}) FORMAT Native` })
  return Buffer.concat(await stream.toArray())
}

describe('an insert with data', () => {
  test('by the client, as objects', async () => {
    await client.command({ query: 'TRUNCATE TABLE t' })
    const { summary } = await client.insert({
      table: 't',
      values: [{ a: 1, b: "it's\n\n; DROP TABLE t" }],
      format: 'JSONEachRow',
    })
    assert.equal(summary?.written_rows, '1')
    assert.deepEqual(await rows('SELECT a, b FROM t'), [{ a: 1, b: "it's\n\n; DROP TABLE t" }])
  })

  for (const [what, body] of [
    ['VALUES', "INSERT INTO t (a, b) VALUES (1, 'x;y'), (2, ')')"],
    ['a format', 'INSERT INTO t (b, a) FORMAT CSV\nx,1\ny,2\n'],
    ['settings', 'INSERT INTO t SETTINGS async_insert = 0 FORMAT JSONEachRow {"a":1,"b":"x"}\n{"a":2,"b":"FORMAT"}'],
  ] as const) {
    test(`in one body with its statement: ${what}`, async () => {
      await client.command({ query: 'TRUNCATE TABLE t' })
      const { status, text, headers } = await post({}, body)
      assert.equal(status, 200, text)
      assert.equal(JSON.parse(headers.get('x-clickhouse-summary')!).written_rows, '2')
      assert.deepEqual(await rows('SELECT count() AS n FROM t'), [{ n: 2 }])
    })
  }

  test('packed, as clients pack it', async () => {
    await client.command({ query: 'TRUNCATE TABLE t' })
    const data = await nativeRows(1000)
    const query = 'INSERT INTO t FORMAT Native'
    for (const [coding, pack] of Object.entries({
      gzip: zlib.gzipSync,
      deflate: zlib.deflateSync,
      zstd: zlib.zstdCompressSync,
    }))
      assert.equal((await post({ query }, new Uint8Array(pack(data)), { 'content-encoding': coding })).status, 200)
    assert.deepEqual(await rows('SELECT count() AS n FROM t'), [{ n: 3000 }])
  })

  test('cut half-way stores nothing', async () => {
    await client.command({ query: 'TRUNCATE TABLE t' })
    const data = await nativeRows(1000)
    const { status } = await post({ query: 'INSERT INTO t FORMAT Native' }, new Uint8Array(data.subarray(0, 5000)))
    assert.notEqual(status, 200)
    assert.deepEqual(await rows('SELECT count() AS n FROM t'), [{ n: 0 }])
  })
})

describe('an insert under a fence', () => {
  const query = (epoch: number) =>
    `INSERT INTO t (a, b) SELECT a, b FROM input('a UInt64, b String') WHERE (SELECT max(a) FROM fence) <= ${epoch} FORMAT Native`

  before(async () => {
    await client.command({ query: 'CREATE TABLE fence (a UInt64) ENGINE = MergeTree ORDER BY a' })
    await client.insert({ table: 'fence', values: [{ a: 7 }], format: 'JSONEachRow' })
  })

  test('that is valid becomes one part, counted', async () => {
    await client.command({ query: 'TRUNCATE TABLE t' })
    const { summary, stream } = await client.exec({
      query: query(7),
      values: Readable.from([await nativeRows(300_000)]),
      clickhouse_settings: ONE_PART,
    })
    stream.destroy()
    assert.equal(summary?.written_rows, '300000')
    assert.deepEqual(await rows("SELECT rows FROM system.parts WHERE table = 't' AND active"), [{ rows: 300000 }])
  })

  test('that is invalid stores nothing and fails', async () => {
    await client.command({ query: 'TRUNCATE TABLE t' })
    const { summary, stream } = await client.exec({ query: query(6), values: Readable.from([await nativeRows(1000)]) })
    stream.destroy()
    assert.equal(summary?.written_rows, '0')
    assert.deepEqual(await rows('SELECT count() AS n FROM t'), [{ n: 0 }])
  })
})

test('an insert from a SELECT reports the rows written', async () => {
  const { summary } = await client.command({ query: 'INSERT INTO t (a) SELECT number FROM numbers(11)' })
  assert.equal(summary?.written_rows, '11')
})

test('rows are deleted', async () => {
  await client.command({ query: 'TRUNCATE TABLE t' })
  await client.insert({ table: 't', values: [{ a: 1 }, { a: 2 }], format: 'JSONEachRow' })
  await client.command({
    query: 'ALTER TABLE t DELETE WHERE a = {a:UInt64}',
    query_params: { a: 1 },
    clickhouse_settings: { mutations_sync: '2' },
  })
  assert.deepEqual(await rows('SELECT a FROM t'), [{ a: 2 }])
})

test('parameters arrive as they were given', async () => {
  const text = 'a\tb\nc\\d\'e"f`g – ü'
  assert.deepEqual(await rows('SELECT {text:String} AS text, {list:Array(String)} AS list', { text, list: [text] }), [
    { text, list: [text] },
  ])
})

test('an error has its number, name and status', async () => {
  await assert.rejects(rows('SELECT * FROM nothing'), error => {
    assert.ok(error instanceof ClickHouseError)
    assert.equal(error.code, '60')
    assert.equal(error.type, 'UNKNOWN_TABLE')
    return true
  })
  const { status, text, headers } = await post({}, 'SELECT * FROM nothing')
  assert.equal(status, 404)
  assert.equal(headers.get('x-clickhouse-exception-code'), '60')
  assert.match(text, /^Code: 60\. DB::Exception: [^\n]+ \(UNKNOWN_TABLE\) \(version [\d.]+ \(tickhouse\)\)\n$/)
})

test('a second statement behind the first is refused, nothing runs', async () => {
  assert.equal((await post({}, 'SELECT 1; DROP TABLE t')).status, 400)
  await rows('SELECT * FROM t')
})

test('KILL QUERY … SYNC answers when what it means has ended, and calls off what waits', async () => {
  await client.command({ query: 'TRUNCATE TABLE t' })
  const insert = (query_id: string, last: string) =>
    client.command({
      query: `INSERT INTO t (a) SELECT number FROM numbers(6) WHERE NOT ignore(${last}) SETTINGS max_block_size = 3`,
      query_id,
    })
  // Long enough to be seen on a busy machine.
  const first = insert('tick-1-a', 'sleepEachRow(0.9)')
  const second = insert('tick-1-b', '1')
  const refused = assert.rejects(second, /was cancelled/)
  while ((await rows("SELECT 1 FROM system.processes WHERE query LIKE 'INSERT%'")).length === 0);
  const kill = "KILL QUERY WHERE query_id LIKE 'tick-1-%' SYNC"
  const answer = (await (await client.query({ query: kill, format: 'JSONEachRow' })).json()) as { query_id: string }[]
  assert.deepEqual(answer.map(({ query_id }) => query_id).sort(), ['tick-1-a', 'tick-1-b'])
  assert.deepEqual(await rows('SELECT count() AS n FROM t'), [{ n: 6 }])
  await first
  await refused
  assert.deepEqual(await (await client.query({ query: kill, format: 'JSONEachRow' })).json(), [])
})
