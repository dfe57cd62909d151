/** A proxy in the environment, which nobody answers at. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { bypassProxyForLoopback } from '../src/loopback.ts'
import { openStore } from '../src/store/open.ts'

const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url))
const AWAY = 'http://127.0.0.1:9'

async function listen(t: TestContext): Promise<number> {
  const server = http.createServer((_request, response) => response.end('7\n'))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

test('the engine reads what is served on this machine directly', { timeout: 60_000 }, async t => {
  delete process.env.no_proxy
  delete process.env.NO_PROXY
  process.env.http_proxy = AWAY
  t.after(() => delete process.env.http_proxy)
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-proxies-'))
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }))
  const store = await openStore(`chdb:${directory}/store`)
  t.after(() => store.close())
  for (const host of ['127.0.0.1', 'localhost']) {
    const source = `url('http://${host}:${await listen(t)}/', 'TSV', 'x UInt8') SETTINGS http_max_tries = 1`
    assert.deepEqual(await store.rows(`SELECT x FROM ${source}`), [{ x: 7 }])
  }
})

test('a command asks the tickhouse of this machine directly', async t => {
  const proxy = { http_proxy: AWAY, HTTP_PROXY: AWAY, NODE_USE_ENV_PROXY: '1', no_proxy: '', NO_PROXY: '' }
  const env = { ...process.env, ...proxy, TICKHOUSE_LISTEN: `127.0.0.1:${await listen(t)}` }
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'query', 'SELECT 7'], { env, cwd: os.tmpdir() })
  assert.equal(stdout, '7\n')
})

test('what is asked directly already stays so, in either spelling, and all of it stays all', () => {
  const added = (environment: Record<string, string>) => {
    bypassProxyForLoopback(environment)
    return environment.no_proxy!.split(',')
  }
  assert.deepEqual(added({ NO_PROXY: 'a.example, .b' }).slice(0, 2), ['a.example', '.b'])
  const once = added({ no_proxy: 'localhost' })
  assert.equal(once.filter(host => host === 'localhost').length, 1)
  assert.ok(once.includes('127.0.0.1'))
  assert.deepEqual(added({ no_proxy: '*' }), ['*'])
})
