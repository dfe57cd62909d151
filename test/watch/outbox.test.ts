import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { EventName, Fields } from '../../src/telemetry/events.ts'
import type { Message } from '../../src/watch/alerts/alerts.ts'
import { type Channel, Refused } from '../../src/watch/channels/channel.ts'
import { Outbox } from '../../src/watch/outbox.ts'
import type { Unsent } from '../../src/watch/state.ts'

const HOUSE = 'http://127.0.0.1:8080'

function message(name: string): Message {
  const alert = {
    name,
    severity: 'critical',
    title: name,
    what: '',
    sinceMs: 1,
    affected: [],
    next: '',
    page: '',
  } as const
  return { kind: 'opened', alert: { ...alert, silencedUntilMs: null }, incident: `${name}-1`, atMs: 1, lastedMs: 0 }
}

/** Takes messages as long as it is well. */
class TestRoute implements Channel {
  readonly name: string
  readonly reference = null
  readonly took: string[] = []
  tries = 0
  healthy = true
  constructor(name: string) {
    this.name = name
  }
  async send({ alert }: Message): Promise<void> {
    this.tries++
    if (!this.healthy) throw new Error('not well')
    this.took.push(alert.name)
  }
}

function outboxOf(channels: Channel[], unsent: readonly Unsent[] = []) {
  const events: [EventName, Fields][] = []
  const outbox = new Outbox(channels, HOUSE, (name, fields) => events.push([name, fields]), unsent)
  return { outbox, events }
}

test('each channel gets each message, in order', async () => {
  const [a, b] = [new TestRoute('a'), new TestRoute('b')]
  const { outbox } = outboxOf([a, b])
  outbox.add([message('1'), message('2')])
  outbox.add([message('3')])
  await outbox.send(0)
  assert.deepEqual(
    [a.took, b.took],
    [
      ['1', '2', '3'],
      ['1', '2', '3'],
    ],
  )
  assert.deepEqual(outbox.unsent, [])
  assert.equal(outbox.counts.sent, 6)
})

test('a failing channel is retried with growing delays, in order, and delays no other channel', async () => {
  const [bad, good] = [new TestRoute('bad'), new TestRoute('good')]
  bad.healthy = false
  const { outbox, events } = outboxOf([bad, good])
  outbox.add([message('1'), message('2')])
  const triedAt: number[] = []
  for (let ms = 0; ms < 3_600_000; ms += 1_000) {
    const { tries } = bad
    await outbox.send(ms)
    if (bad.tries > tries) triedAt.push(ms)
  }
  assert.deepEqual(triedAt.slice(0, 8), [0, 5_000, 15_000, 35_000, 75_000, 155_000, 315_000, 615_000])
  assert.ok(triedAt.slice(8).every((ms, index) => ms - triedAt[index + 7]! === 300_000))
  assert.deepEqual(good.took, ['1', '2'])
  assert.deepEqual(events[0], ['alert_unsent', { alert: '1', channel: 'bad', why: 'not well', waitMs: 5_000 }])
  assert.equal(outbox.counts.failed, triedAt.length)

  bad.healthy = true
  await outbox.send(3_900_000)
  assert.deepEqual(bad.took, ['1', '2'])
  bad.healthy = false
  outbox.add([message('3')])
  await outbox.send(3_900_000)
  assert.equal(events.at(-1)![1].waitMs, 5_000, 'and starts again')
})

test('an unsent message is sent after a restart, by the channels that have not accepted it', async () => {
  const [bad, good, gone] = [new TestRoute('bad'), new TestRoute('good'), new TestRoute('gone')]
  bad.healthy = gone.healthy = false
  const { outbox } = outboxOf([bad, good, gone])
  outbox.add([message('1')])
  await outbox.send(0)
  const kept = JSON.parse(JSON.stringify(outbox.unsent)) as Unsent[]

  const [again, other] = [new TestRoute('bad'), new TestRoute('good')]
  const next = outboxOf([again, other], kept)
  await next.outbox.send(0)
  assert.deepEqual([again.took, other.took], [['1'], []])
  assert.deepEqual(next.outbox.unsent, [], 'a route that is no longer there waits for nothing')
})

test('beyond its limit the oldest messages are dropped, with an event', async () => {
  const channel = new TestRoute('a')
  const { outbox, events } = outboxOf([channel])
  outbox.add(Array.from({ length: 203 }, (_, index) => message(`${index}`)))
  assert.equal(outbox.unsent.length, 200)
  assert.equal(outbox.counts.dropped, 3)
  assert.deepEqual(events, [['alerts_left_out', { count: 3 }]])
  await outbox.send(0)
  assert.equal(channel.took[0], '3')
})

test('without channels nothing is queued', () => {
  const { outbox } = outboxOf([])
  outbox.add([message('1')])
  assert.deepEqual(outbox.unsent, [])
})

describe('messages added while others are sent', () => {
  test('are sent next time, none of them twice', async () => {
    const channel = new TestRoute('a')
    const { outbox } = outboxOf([channel])
    outbox.add([message('1')])
    const sending = outbox.send(0)
    outbox.add([message('2')])
    await sending
    await outbox.send(0)
    assert.deepEqual(channel.took, ['1', '2'])
  })
})

test('slow answers delay the watcher by at most twice the time limit of a channel', async t => {
  let ms = 0
  t.mock.method(performance, 'now', () => ms)
  const slow: Channel & { took: number } = {
    name: 'slow',
    reference: null,
    took: 0,
    async send() {
      ms += 14_000
      this.took++
    },
  }
  const { outbox } = outboxOf([slow])
  outbox.add(Array.from({ length: 50 }, (_, index) => message(`${index}`)))
  await outbox.send(0)
  assert.ok(ms <= 30_000, `${ms}`)
  assert.equal(outbox.unsent.length, 50 - slow.took, 'the others are sent with the next probes')
})

test('a refused message is dropped after three tries, and the next ones are sent', async () => {
  const picky: Channel & { took: string[]; tries: number } = {
    name: 'picky',
    reference: null,
    took: [],
    tries: 0,
    async send({ incident }) {
      if (incident === 'bad-1') {
        this.tries++
        throw new Refused('it answered with status 400: too odd')
      }
      this.took.push(incident)
    },
  }
  const { outbox, events } = outboxOf([picky])
  outbox.add([message('bad'), message('good')])
  for (let ms = 0; ms < 600_000; ms += 60_000) await outbox.send(ms)
  assert.equal(picky.tries, 3)
  assert.deepEqual(picky.took, ['good-1'])
  assert.deepEqual(outbox.unsent, [])
  assert.deepEqual(
    events.map(([name]) => name),
    ['alert_unsent', 'alert_unsent', 'alert_refused'],
  )
})

test('a permanently refused message is dropped immediately', async () => {
  const refusing: Channel = {
    name: 'refusing',
    reference: null,
    send: async () => {
      throw new Refused('refused permanently: 550 nobody here', { permanent: true })
    },
  }
  const { outbox, events } = outboxOf([refusing])
  outbox.add([message('1'), message('2')])
  await outbox.send(0)
  assert.deepEqual(outbox.unsent, [])
  assert.equal(outbox.counts.dropped, 2)
  assert.deepEqual(
    events.map(([name, { alert }]) => [name, alert]),
    [
      ['alert_refused', '1'],
      ['alert_refused', '2'],
    ],
  )
})
