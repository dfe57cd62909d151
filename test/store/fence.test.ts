/** One writer of a partition on a server, whatever an earlier one still sends: see `docs/decisions/fence.md`. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { batchOf, tradesNumbered } from '../contracts/store.ts'
import { openTestServer } from '../support/servers/clickhouse-server.ts'
import { HTTP_FAULTS, HttpFaultProxy } from '../support/servers/http-fault-proxy.ts'

const PATIENCE_MS = 1_500
const block = (count: number) => batchOf(0, 0, tradesNumbered(1, count)).block('trades', 0)

/** Two stores on one database: A by way of a proxy that it is impatient with, B directly. */
async function open(t: TestContext): Promise<{ a: Store; b: Store; proxy: HttpFaultProxy }> {
  const server = await openTestServer(t)
  const proxy = await HttpFaultProxy.open(t, server.url)
  const address = server.freshStore()
  const b = await openStore(address)
  const a = await openStore(server.storeThrough(address, proxy.url, PATIENCE_MS))
  t.after(async () => void (await Promise.all([a.close(), b.close()])))
  return { a, b, proxy }
}

const count = async (store: Store) => {
  const [row] = await store.rows<{ rows: number }>('SELECT count() AS rows FROM trades')
  return row!.rows
}

test('an earlier owner’s inserts are refused and store nothing; so is settling one', async t => {
  const { a, b } = await open(t)
  const [before, after] = [await a.claim(0), await b.claim(0)]
  await assert.rejects(a.insertBlock('trades', block(10), before), { code: 'store_fenced', retryable: false })
  await assert.rejects(a.insertRows('lost_ranges', [{ log_partition: 0, first_offset: 0, last_offset: 1 }], before), {
    code: 'store_fenced',
  })
  await assert.rejects(a.settle(before), { code: 'store_fenced' })
  assert.equal(await count(b), 0)
  await b.insertBlock('trades', block(10), after)
  assert.equal(await count(b), 10)
})

test('a delayed insert stores nothing when it arrives after another owner took the partition over', async t => {
  const { a, b, proxy } = await open(t)
  const before = await a.claim(0)
  proxy.plan = statement => (/^INSERT INTO trades/.test(statement) ? HTTP_FAULTS.requestLate : undefined)
  await assert.rejects(a.insertBlock('trades', block(10), before), { code: 'store_unavailable', retryable: true })
  await b.insertBlock('trades', block(10), await b.claim(0))
  assert.deepEqual(await proxy.release(), [200])
  assert.equal(await count(b), 10)
})

test('a delayed insert stores nothing when it arrives after its own sender has settled it', async t => {
  const { a, b, proxy } = await open(t)
  const fence = await a.claim(0)
  proxy.plan = statement => (/^INSERT INTO trades/.test(statement) ? HTTP_FAULTS.requestLate : undefined)
  await assert.rejects(a.insertBlock('trades', block(10), fence), { code: 'store_unavailable' })
  proxy.plan = () => undefined
  await a.settle(fence)
  assert.equal(await count(b), 0)
  await a.insertBlock('trades', block(10), fence)
  assert.deepEqual(await proxy.release(), [200])
  assert.equal(await count(b), 10)
})

test('a claim waits for an insert of the owner before that is already running', async t => {
  const { a, b, proxy } = await open(t)
  const before = await a.claim(0)
  // Small chunks take long: the server has started the insert when the other owner claims. Our own server runs inserts one after the
  // other, so the test passes there without a KILL too; on a ClickHouse server it would not.
  proxy.plan = statement => (/^INSERT INTO trades/.test(statement) ? HTTP_FAULTS.slow : undefined)
  const trades = tradesNumbered(1, 20_000)
  const inserted = a.insertBlock('trades', batchOf(0, 0, trades).block('trades', 0), before).then(
    () => 'stored',
    error => error.code,
  )
  await once(proxy.begun, 'request')
  const after = await b.claim(0)
  const stored = await count(b)
  assert.ok(stored === 0 || stored === 20_000)
  assert.match(await inserted, /^(store_fenced|store_unavailable)$/)
  assert.equal(await count(b), stored)
  if (stored === 0) await b.insertBlock('trades', batchOf(0, 0, trades).block('trades', 0), after)
  assert.equal(await count(b), 20_000)
})
