import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventName, Fields } from '../../src/telemetry/events.ts'
import { Ping } from '../../src/watch/ping.ts'
import { HttpReceiver } from '../support/servers/alert-receivers.ts'

function pingTo(url: string | undefined) {
  const events: [EventName, Fields][] = []
  return { ping: new Ping(url, (name, fields) => events.push([name, fields])), events }
}

test('pings once a minute, however many probes there are', async t => {
  const receiver = await HttpReceiver.open(t)
  const { ping, events } = pingTo(`${receiver.url}/secret`)
  for (let ms = 0; ms <= 180_000; ms += 10_000) await ping.send(ms)
  assert.deepEqual(
    receiver.posted.map(({ path }) => path),
    ['/secret', '/secret', '/secret', '/secret'],
  )
  assert.deepEqual(events, [])
})

test('a failed ping is logged without its URL, and retried in a minute', async t => {
  const receiver = await HttpReceiver.open(t)
  receiver.answer = response => response.writeHead(404).end()
  const { ping, events } = pingTo(`${receiver.url}/secret`)
  for (const ms of [0, 10_000, 60_000]) await ping.send(ms)
  assert.deepEqual(events, [
    ['watch_unpinged', { why: 'status 404' }],
    ['watch_unpinged', { why: 'status 404' }],
  ])
  receiver.answer = response => response.destroy()
  await ping.send(120_000)
  assert.doesNotMatch(JSON.stringify(events), /secret/)
})

test('without a URL nothing is requested', async () => {
  const { ping, events } = pingTo(undefined)
  await ping.send(0)
  assert.deepEqual(events, [])
})
