import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import type { ProcessOptions, ProcessReady } from '../../src/simulator/process.ts'
import { TestClient } from './client.ts'

const ENTRY = new URL('../../src/simulator/process.ts', import.meta.url)

async function start(): Promise<{ child: ChildProcess; client: TestClient; exited: Promise<unknown[]> }> {
  const options: ProcessOptions = { symbols: ['BTCUSDT'], ratePerSecond: 500, seed: 1, nextIds: { BTCUSDT: 1_000 } }
  const child = fork(ENTRY, [JSON.stringify(options)], { stdio: 'inherit' })
  const exited = once(child, 'exit')
  const [ready] = (await once(child, 'message')) as [ProcessReady]
  assert.match(ready.restUrl, /^http:\/\/127\.0\.0\.1:\d+$/)
  const client = await TestClient.connect(`${ready.wsUrl}/ws/btcusdt@trade`)
  await client.until(() => client.trades().length > 0, 'a trade')
  assert.ok(client.trades()[0]!.t >= 1_000 && client.trades()[0]!.t < 100_000)
  return { child, client, exited }
}

test('the process sends its addresses, and ends cleanly when its parent disconnects', async () => {
  const { child, exited } = await start()
  child.disconnect()
  assert.deepEqual(await exited, [0, null])
})

test('the process ends cleanly on SIGTERM', async () => {
  const { child, client, exited } = await start()
  const closed = once(client.ws, 'close')
  child.kill('SIGTERM')
  assert.deepEqual(await exited, [0, null])
  await closed
})
