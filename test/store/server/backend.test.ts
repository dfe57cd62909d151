import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { openStore } from '../../../src/store/open.ts'
import { storeContract } from '../../contracts/store.ts'
import { TestInstance } from '../../support/processes/tickhouse.ts'
import { openTestServer } from '../../support/servers/clickhouse-server.ts'

storeContract('a ClickHouse server', 'server', async owner => (await openTestServer(owner)).freshStore())

test('a wrong password is refused without a retry and not printed; the right one opens the store', async t => {
  const token = 'right-password-of-16'
  const server = new TestInstance(t, { TOKEN: token }).run('serve', {}, ['--writable'])
  const { host } = new URL(await server.url())
  await assert.rejects(openStore(`http://default:wrong-password@${host}/market`), error => {
    const { code, retryable, advice, message } = error as Error & Record<string, unknown>
    assert.deepEqual([code, retryable], ['store_refused', false])
    assert.match(String(advice), /user and password/)
    assert.doesNotMatch(message, /wrong-password/)
    return true
  })
  const store = await openStore(`http://default:${token}@${host}/market`)
  assert.equal(store.address, `http://${host}/market`)
  await store.close()
})

test('an absent server may start later: the error is retryable', async () => {
  await assert.rejects(openStore('http://127.0.0.1:1/market'), { code: 'store_unavailable', retryable: true })
})

test('a statement that a server cancels on shutdown is retryable: no engine died', async t => {
  const server = http.createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(500, { 'X-ClickHouse-Exception-Code': '236' })
      response.end('Code: 236. DB::Exception: Shutdown is called. (ABORTED) (version 25.8.1.1)')
    })
  })
  t.after(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  await assert.rejects(openStore(`http://127.0.0.1:${port}/market`), { code: 'store_unavailable', retryable: true })
})
