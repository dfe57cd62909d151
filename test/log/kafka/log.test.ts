import assert from 'node:assert/strict'
import { after, describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { logLevel, Kafka as OtherClient, Partitioners } from 'kafkajs'
import { decode } from '../../../src/ingest/decode.ts'
import type { AssignmentListener } from '../../../src/log/assignment.ts'
import { openKafkaLog } from '../../../src/log/kafka/log.ts'
import type { OpenLog } from '../../../src/log/log.ts'
import type { TradeColumns } from '../../../src/tick/trades.ts'
import { logContract, numbered, readRange } from '../../contracts/log.ts'
import { createTopic } from '../../support/servers/kafka/administer.ts'
import { startKafka } from '../../support/servers/kafka/kafka.ts'

const kafka = await startKafka({ after })

/** A place of the contract suite is a directory; here each stands for topics of its own. */
const addresses = new Map<string, string>()

/** Another program's client: shares no code with ours. */
const other = new OtherClient({
  brokers: kafka.hosts.split(','),
  logLevel: logLevel.NOTHING,
})

const prefixOf = (address: string): string => new URLSearchParams(address.split('?')[1]).get('topicPrefix')!

async function open(t: TestContext, address: string, mode: 'write' | 'read' = 'write'): Promise<OpenLog> {
  const log = await openKafkaLog(address, mode)
  t.after(() => log.close())
  return log
}

/** Records its assigned partitions. */
class AssignmentRecorder implements AssignmentListener {
  readonly assigned = new Set<number>()
  #changed: () => void = () => {}

  onAssigned(partition: number): void {
    assert.ok(!this.assigned.has(partition), `partition ${partition} is assigned already`)
    this.assigned.add(partition)
    this.#changed()
  }

  async onRevoked(partition: number): Promise<void> {
    assert.ok(this.assigned.delete(partition), `partition ${partition} is not assigned`)
    this.#changed()
  }

  async untilAssigned(count: number): Promise<void> {
    while (this.assigned.size !== count) await new Promise<void>(resolve => (this.#changed = resolve))
  }
}

describe('on a real broker', { skip: kafka.missing }, () => {
  logContract('the Kafka log', (place, options) => {
    const address = addresses.get(place) ?? kafka.address({ partitions: options?.partitions ?? 1 })
    addresses.set(place, address)
    return openKafkaLog(address, 'write')
  })

  test('trades and quotes have partitions of their own, numbered one after the other', async t => {
    const log = await open(t, kafka.address({ partitions: 3 }))
    assert.equal(log.partitions, 6)
    assert.deepEqual(log.partitionsOf('trades'), { first: 0, count: 3 })
    assert.deepEqual(log.partitionsOf('quotes'), { first: 3, count: 3 })
    await log.append(4, [numbered(1)])
    assert.deepEqual(log.bounds(4), { first: 0, next: 1 })
    assert.equal((await readRange(log, 4, 0, 1))[0]!.partition, 4)
  })

  test('JSON, tombstones and transactions of other programs are read at their offsets, and none is skipped', async t => {
    const address = kafka.address({ partitions: 1 })
    const log = await open(t, address)
    const topic = `${prefixOf(address)}trades`
    const tick = { symbol: 'AAPL', price: 126.55, volume: 1, timestamp: 1_614_009_104_208 }
    const producer = other.producer({ createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    t.after(() => producer.disconnect())
    const lines = `${JSON.stringify(tick)}\n${JSON.stringify({ ...tick, price: '126.6' })}\nnot a tick\n`
    await producer.send({ topic, messages: [{ key: 'AAPL', value: JSON.stringify(tick) }, { value: lines }] })
    await producer.send({ topic, messages: [{ value: null }, { value: '', headers: { ticks: 'many' } }] })
    const writer = other.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      transactionalId: `${topic}-writer`,
      maxInFlightRequests: 1,
      idempotent: true,
    })
    await writer.connect()
    t.after(() => writer.disconnect())
    const transaction = await writer.transaction()
    await transaction.send({ topic, messages: [{ value: JSON.stringify(tick) }] })
    await transaction.commit()
    // The marker of its end is written a little after the answer.
    await readRange(log, 0, 5, 6)
    await log.append(0, [numbered(3)])
    const entries = await readRange(log, 0, 0, 7)
    assert.deepEqual(
      entries.map(({ offset, format, ticks }) => [offset, format, ticks]),
      [
        [0, 'json', 1],
        [1, 'json', 3],
        [2, 'tombstone', 0],
        [3, '', 0],
        [4, 'json', 1],
        [5, 'none', 0],
        [6, 'native', 3],
      ],
    )
    const { ticks, refused } = decode(entries[1]!)
    const trades = ticks as TradeColumns
    assert.deepEqual([...trades.price.subarray(0, trades.length)], [126.55, 126.6])
    assert.deepEqual(
      refused.map(({ raw, reason }) => [String(raw), reason]),
      [['not a tick', 'undecodable_record']],
    )
    assert.equal(await log.countTicks(0, 0, 7), 8)
    const writtenMs = Date.now()
    assert.ok(entries.every(({ timestampMs }) => Math.abs(writtenMs - timestampMs) < 600_000))
  })

  test('appends and announcements of another process are seen within a second', async t => {
    const address = kafka.address({ partitions: 1 })
    const writer = await open(t, address)
    const reader = await open(t, address, 'read')
    assert.equal(reader.identity(), writer.identity())
    const reading = reader.read(0, 0, new AbortController().signal).next()
    await writer.append(0, [numbered(1), numbered(2)])
    assert.equal((await reading).value?.length, 2)
    assert.deepEqual(reader.bounds(0), { first: 0, next: 2 })
    await writer.append(1, [numbered(1)])
    assert.deepEqual(await reader.refresh(1), { first: 0, next: 1 })
    await writer.announce('sources', { connected: 3 })
    const deadlineMs = performance.now() + 60_000
    while (reader.announcements().length === 0 && performance.now() < deadlineMs) await sleep(20)
    assert.deepEqual(reader.announcements()[0]!.body, { connected: 3 })
    await assert.rejects(reader.append(0, [numbered(1)]), { code: 'data_unwritable' })
  })

  test('the group’s processes share the partitions, and hand them over when one joins or leaves', async t => {
    const address = kafka.address({ partitions: 4 })
    const [first, second] = [await open(t, address), await open(t, address, 'read')]
    const [one, two] = [new AssignmentRecorder(), new AssignmentRecorder()]
    const [stopFirst, stopSecond] = [new AbortController(), new AbortController()]
    const joined = first.join(one, stopFirst.signal)
    await one.untilAssigned(8)
    const secondJoined = second.join(two, stopSecond.signal)
    await Promise.all([one.untilAssigned(4), two.untilAssigned(4)])
    assert.deepEqual(
      [...one.assigned].filter(partition => two.assigned.has(partition)),
      [],
    )
    stopFirst.abort()
    await joined
    assert.equal(one.assigned.size, 0)
    await two.untilAssigned(8)
    stopSecond.abort()
    await secondJoined
    assert.equal(two.assigned.size, 0)
  })

  test('committed group offsets show what is stored, for lag tools, and are never read', async t => {
    const address = kafka.address({ partitions: 2 })
    const log = await open(t, address)
    await log.append(
      0,
      Array.from({ length: 10 }, (_, number) => numbered(number)),
    )
    const listener = new AssignmentRecorder()
    const stop = new AbortController()
    const joined = log.join(listener, stop.signal)
    await listener.untilAssigned(4)
    log.noteStored(0, 5)
    const onRevoked = listener.onRevoked.bind(listener)
    listener.onRevoked = async partition => {
      if (partition === 0) log.noteStored(0, 7)
      await onRevoked(partition)
    }
    stop.abort()
    await joined
    const admin = other.admin()
    await admin.connect()
    t.after(() => admin.disconnect())
    const group = { groupId: `${prefixOf(address)}tickhouse`, topics: [`${prefixOf(address)}trades`] }
    const [topic] = await admin.fetchOffsets(group)
    const offsets = topic!.partitions.toSorted((a, b) => a.partition - b.partition)
    assert.deepEqual(
      offsets.map(({ offset }) => offset),
      ['7', '-1'],
    )
    assert.equal((await readRange(log, 0, 0, 10)).length, 10)
  })

  test('a topic that was deleted and created again is another log: readers and writers stop with an error', async t => {
    const address = kafka.address({ partitions: 1 })
    const log = await open(t, address)
    await log.append(0, [numbered(1)])
    const reading = log.read(0, 1, new AbortController().signal).next()
    const admin = other.admin()
    await admin.connect()
    t.after(() => admin.disconnect())
    const topic = `${prefixOf(address)}trades`
    const replaced = assert.rejects(reading, { code: 'log_replaced', retryable: false })
    await admin.deleteTopics({ topics: [topic] })
    const configEntries = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }]
    await createTopic(admin, { topic, numPartitions: 1, configEntries })
    await replaced
    await assert.rejects(log.append(0, [numbered(2)]), { code: 'log_replaced' })
    const again = await open(t, address)
    assert.notEqual(again.identity(), log.identity())
  })

  test('topics whose settings would lose or move ticks are refused, with the command that fixes them', async t => {
    const admin = other.admin()
    await admin.connect()
    t.after(() => admin.disconnect())
    const settings: Record<string, RegExp> = {
      'cleanup.policy=compact': /compacted/,
      'message.timestamp.type=CreateTime': /timestamps/,
      'retention.ms=60000': /60000 ms only/,
    }
    for (const [setting, message] of Object.entries(settings)) {
      const [name, value] = setting.split('=') as [string, string]
      const configEntries = new Map([
        ['message.timestamp.type', 'LogAppendTime'],
        [name, value],
      ])
      const address = kafka.address()
      await createTopic(admin, {
        topic: `${prefixOf(address)}trades`,
        numPartitions: 8,
        configEntries: [...configEntries].map(([name, value]) => ({ name, value })),
      })
      const refused = { code: 'config_invalid', message, advice: /kafka-configs\.sh .*--alter/ }
      await assert.rejects(openKafkaLog(address, 'write'), refused)
    }
  })

  test('the number of partitions is fixed when the topics are created', async t => {
    const address = kafka.address({ partitions: 3 })
    await open(t, address)
    const asking = address.replace('partitions=3', 'partitions=4')
    await assert.rejects(openKafkaLog(asking, 'write'), { code: 'config_invalid', advice: /partitions=3/ })
  })

  test('a replication factor above the number of brokers is refused with the reason', async () => {
    const refused = { code: 'config_invalid', message: /cannot have 1000 copies/ }
    await assert.rejects(openKafkaLog(kafka.address({ replication: 1000 }), 'write'), refused)
  })

  test('opening a missing log to read it throws a retryable error, and creates nothing', async () => {
    const address = kafka.address()
    await assert.rejects(openKafkaLog(address, 'read'), { code: 'log_missing', retryable: true })
    await assert.rejects(openKafkaLog(address, 'read'), { code: 'log_missing', retryable: true })
  })
})

test('brokers that do not answer are named in a retryable error', async () => {
  const refused = { code: 'log_unavailable', retryable: true, message: /127\.0\.0\.1:1/ }
  await assert.rejects(openKafkaLog('kafka://127.0.0.1:1', 'write'), refused)
})
