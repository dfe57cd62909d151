import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openLog } from '../../src/log/open.ts'
import {
  GAPS,
  latestMessages,
  latestRequest,
  RecorderMessages,
  requestRecorders,
  whyUnwritable,
} from '../../src/log/recorder-requests.ts'
import { within } from '../support/judges/within.ts'
import { startKafka } from '../support/servers/kafka/kafka.ts'

/** Requests while a recorder has the log open; it sees the latest. */
async function requested(t: TestContext, address: string): Promise<void> {
  const recorder = await openLog(address, 'write')
  t.after(() => recorder.close())
  assert.equal(latestRequest(address, recorder), undefined)
  for (const id of ['a', 'b']) {
    await requestRecorders(address, { id })
    await within(60_000, async () => {
      const latest = latestRequest(address, recorder)
      return JSON.stringify(latest) === JSON.stringify({ id }) ? undefined : JSON.stringify(latest)
    })
  }
  // Of each key one: the latest. A request is none of them.
  const messages = new RecorderMessages(address)
  for (const [partition, open] of [
    [0, 1],
    [1, 2],
    [0, 3],
  ])
    await messages.leave(`${GAPS}${partition}`, { open })
  await messages.close()
  await within(60_000, async () => {
    const latest = JSON.stringify(latestMessages(address, recorder, GAPS))
    return latest === JSON.stringify([{ open: 3 }, { open: 2 }]) ? undefined : latest
  })
  assert.deepEqual(latestRequest(address, recorder), { id: 'b' })
}

test('a request and lists reach the recorder that has a SQLite log open, the latest of each key only', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'tickhouse-request-'))
  t.after(() => rmSync(directory, { recursive: true }))
  await requested(t, `sqlite:${join(directory, 'log')}?partitions=2`)
  assert.equal(whyUnwritable(`sqlite:${join(directory, 'log')}?partitions=2`), null)
  assert.match(whyUnwritable(`sqlite:${join(directory, 'other')}`)!, /may not write to .*other \(ENOENT\)/)
  await assert.rejects(requestRecorders(`sqlite:${join(directory, 'other')}`, {}), { code: 'data_unwritable' })
})

test('a request and lists reach the recorders of a Kafka log, the latest of each key only', {
  timeout: 600_000,
}, async t => {
  const kafka = await startKafka(t)
  await requested(t, `kafka://${kafka.hosts}?topicPrefix=requests`)
})
