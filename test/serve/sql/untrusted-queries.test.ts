import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openSqlServer, type SqlServer, TOKEN } from '../../support/processes/sql-server.ts'

/** Would run for the whole of its 30 seconds. */
const LONG = 'SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1'

let sqlServer: SqlServer
before(async () => {
  sqlServer = await openSqlServer()
})
after(() => sqlServer.close())

const ASKED = {
  '/': (query: string, signal?: AbortSignal) =>
    fetch(`${sqlServer.url}/?${new URLSearchParams({ query, password: TOKEN })}`, { signal: signal ?? null }),
  '/api/query': (body: string, signal?: AbortSignal) =>
    fetch(`${sqlServer.url}/api/query?format=TSV`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${TOKEN}` },
      signal: signal ?? null,
    }),
}

for (const [path, ask] of Object.entries(ASKED)) {
  test(`a client of ${path} that leaves takes its running query with it, and the next is answered`, async () => {
    const left = new AbortController()
    const startedMs = performance.now()
    const asked = [ask(LONG, left.signal), ask(LONG, left.signal)]
    await sleep(1_000)
    left.abort()
    await Promise.allSettled(asked)
    assert.equal(await (await ask('SELECT 1')).text(), '1\n')
    assert.ok(performance.now() - startedMs < 29_000, 'it waited for the queries of those who left')
  })

  test(`an answer at ${path} that is too long is refused as ClickHouse refuses it`, async () => {
    const response = await ask('SELECT number, number, number FROM numbers(100000000)')
    assert.ok(!response.ok)
    assert.match(await response.text(), /Limit for result exceeded/)
  })
}

test('answers that are not read yet are bounded together', async () => {
  // Each waits to be read, except for the bytes in socket buffers.
  const unread = await Promise.all(
    Array.from({ length: 4 }, () => ASKED['/']("SELECT repeat('x', 1000000) FROM numbers(200) FORMAT RawBLOB")),
  )
  const statuses = unread.map(({ status }) => status)
  assert.ok(statuses.includes(200) && statuses.includes(500), String(statuses))
  const refused = unread.find(({ status }) => status === 500)!
  assert.match(await refused.text(), /have not read .*TOO_MANY_SIMULTANEOUS_QUERIES/)
  for (const response of unread) if (response.ok) assert.equal((await response.arrayBuffer()).byteLength, 200_000_000)
  assert.equal(await (await ASKED['/']('SELECT 1')).text(), '1\n')
})
