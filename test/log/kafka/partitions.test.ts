/** Partitions added to the topics of a log: Kafka cannot take them back, and the log goes on with those it was made with. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openKafkaLog } from '../../../src/log/kafka/log.ts'
import type { OpenLog } from '../../../src/log/log.ts'
import { openAndWait } from '../../../src/log/open-and-wait.ts'
import { numbered } from '../../contracts/log.ts'
import { EventLog } from '../../support/judges/event-log.ts'
import { WAIT_MS_MAX, within } from '../../support/judges/within.ts'
import { startKafka } from '../../support/servers/kafka/kafka.ts'
import { KafkaOutside } from '../../support/servers/kafka/outside.ts'

const kafka = await startKafka({ after })
const skip = kafka.missing ?? false

async function firstRecord(log: OpenLog, partition: number, from: number) {
  for await (const [entry] of log.read(partition, from, AbortSignal.timeout(WAIT_MS_MAX))) return entry!.ticks
  return undefined
}

/** The partitions that a process is given when it is alone. */
async function assignedTo(log: OpenLog, count: number): Promise<number[]> {
  const assigned: number[] = []
  const stop = new AbortController()
  const listener = { onAssigned: (partition: number) => void assigned.push(partition), onRevoked: async () => {} }
  const joined = log.join(listener, stop.signal)
  await within(WAIT_MS_MAX, async () => (assigned.length >= count ? undefined : `${assigned.length} of ${count} taken`))
  stop.abort()
  await joined
  return assigned.sort((a, b) => a - b)
}

test('partitions added to one topic or both are not used: the log continues under the same identity, and reports it once', {
  skip,
}, async t => {
  const address = kafka.address({ partitions: 2 })
  const opened = address.replace('&partitions=2', '').replace('partitions=2&', '')
  await using outside = await KafkaOutside.connect(address)
  const events = new EventLog()
  const stopping = new AbortController()
  const running = await openAndWait(address, 'write', events.emit, stopping.signal)
  t.after(() => running.close())
  assert.deepEqual([running.partitions, running.unusedPartitions()], [4, 0])
  const identity = running.identity()
  await running.append(1, [numbered(1)])
  await running.append(3, [numbered(2)])

  // Only one of the two topics: they differ from here on.
  await outside.admin.createPartitions({ topicPartitions: [{ topic: outside.topic, count: 5 }] })
  await within(WAIT_MS_MAX, async () => (running.unusedPartitions() === 3 ? undefined : 'not seen yet'))
  await running.append(1, [numbered(3)])
  await running.append(3, [numbered(4)])
  assert.equal(await firstRecord(running, 3, 1), numbered(4).ticks, 'read on, of the second topic too')
  await within(WAIT_MS_MAX, async () => (events.named('partitions_unused').length > 0 ? undefined : 'not reported yet'))
  stopping.abort()
  await running.close()
  assert.deepEqual(events.named('partitions_unused'), [{ partitions: 3 }])

  for (const mode of ['read', 'write'] as const) {
    const log = await openKafkaLog(opened, mode)
    try {
      assert.deepEqual([log.partitions, log.unusedPartitions(), log.identity()], [4, 3, identity], mode)
      assert.deepEqual(log.bounds(1), { first: 0, next: 2 })
      assert.deepEqual(log.bounds(3), { first: 0, next: 2 })
      if (mode === 'write') assert.equal(await log.append(1, [numbered(5)]), 2)
      else assert.deepEqual(await assignedTo(log, 4), [0, 1, 2, 3], 'none beyond, and none twice')
      assert.deepEqual(log.announcements(), [])
    } finally {
      await log.close()
    }
  }
})
