import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openLog } from '../../../src/log/open.ts'
import { TIMINGS } from '../../../src/sources/connection/timings.ts'
import { RestHosts, type RestRefused } from '../../../src/sources/rest/hosts.ts'
import { KeptPauses } from '../../../src/sources/rest/kept-pauses.ts'
import { ListServer } from '../../support/servers/list-server.ts'

const timings = { ...TIMINGS, symbolListApartMs: 0 }
const OPTIONS = { timeoutMs: 60_000 }

test('one request at a time for a host, and no more than it allows in time', { timeout: 300_000 }, async t => {
  let [open, most] = [0, 0]
  const server = await ListServer.open(t, response => {
    most = Math.max(most, ++open)
    setTimeout(() => {
      open--
      response.end('{}')
    }, 5)
  })
  const hosts = new RestHosts({ timings })
  hosts.limit(server.url, { apartMs: 20 })
  await Promise.all(Array.from({ length: 10 }, () => hosts.send(server.url, '/', OPTIONS)))
  assert.equal(most, 1)
  const times = server.requested.map(({ atMs }) => atMs)
  // The first connection takes longer than the others.
  assert.ok(times.at(-1)! - times[0]! >= 9 * 20 - 40, String(times))
})

test('after a 429 no request is sent before its end: not by another user of the host, nor after a restart', {
  timeout: 300_000,
}, async t => {
  const directory = mkdtempSync(join(tmpdir(), 'tickhouse-test-'))
  const log = await openLog(`sqlite:${directory}`, 'write')
  t.after(async () => {
    await log.close()
    rmSync(directory, { recursive: true })
  })
  const server = await ListServer.open(t, response => {
    if (server.requested.length > 1) response.end('{}')
    else response.writeHead(429, { 'Retry-After': '3' }).end()
  })
  const hosts = new RestHosts({ timings, kept: new KeptPauses(log) })
  await assert.rejects(
    hosts.send(server.url, '/', OPTIONS),
    (error: RestRefused) => error.status === 429 && error.waitMs === 3_000,
  )
  assert.ok(hosts.pausedMs(server.url) > 500)
  // Another process: it knows only what the log has.
  const restarted = new RestHosts({ timings, kept: new KeptPauses(log) })
  assert.ok(restarted.pausedMs(server.url) > 500)
  await Promise.all([restarted.send(server.url, '/', OPTIONS), hosts.send(server.url, '/', OPTIONS)])
  const [first, ...later] = server.requested.map(({ atMs }) => atMs)
  for (const atMs of later) assert.ok(atMs - first! >= 2_980, `${atMs - first!} ms later`)
})

test('an answer that is too long, too late or not an answer is an error with its reason', {
  timeout: 300_000,
}, async t => {
  const server = await ListServer.open(t, (response, request) => {
    if (request.url === '/long') response.end('x'.repeat(1_000))
    else if (request.url === '/reset') response.socket!.destroy()
  })
  const hosts = new RestHosts({ timings })
  await assert.rejects(hosts.send(server.url, '/long', { ...OPTIONS, bytesMax: 100 }), /longer than 100 bytes/)
  await assert.rejects(hosts.send(server.url, '/late', { timeoutMs: 50 }), { name: 'TimeoutError' })
  await assert.rejects(hosts.send(server.url, '/reset', OPTIONS))
  const stop = AbortSignal.timeout(50)
  await assert.rejects(hosts.send(server.url, '/late', { ...OPTIONS, signal: stop }), { name: 'TimeoutError' })
})
