/**
 * Ticks that another program writes to Kafka: the very script of docs/producers.md, run by a real Python with a real
 * client.
 */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { endAudited } from '../support/judges/audited.ts'
import { assertPositions, checkPositions } from '../support/judges/oracle.ts'
import { pythonMissing, pythonWith } from '../support/processes/python.ts'
import { TestInstance } from '../support/processes/tickhouse.ts'
import { startKafka } from '../support/servers/kafka/kafka.ts'

const PAGE = new URL('../../docs/producers.md', import.meta.url)
const SCRIPT = /```python\n(.*?)```/s.exec(fs.readFileSync(PAGE, 'utf8'))![1]!

/** Sends each element of a JSON list on standard input as one message. */
const SENDER = `
import json, sys
from confluent_kafka import Producer
producer = Producer({"bootstrap.servers": sys.argv[1]})
for text in json.load(sys.stdin):
    producer.produce(sys.argv[2], key="AAA", value=text)
sys.exit(producer.flush())
`

const TICK = { symbol: 'AAA', price: 1.5, volume: 2, timestamp: '2026-11-22T12:00:00.000000001Z' }
const good = (change: object = {}) => JSON.stringify({ ...TICK, ...change })
/** Messages with their good ticks, and the reasons of the others in order. */
const MESSAGES: readonly { text: string; good: number; reasons: string[] }[] = [
  { text: good({ trade_id: 5, side: 'sell' }), good: 1, reasons: [] },
  { text: `\ufeff${good()}\r\n\r\n${good({ price: '0.1' })}\r\n`, good: 2, reasons: [] },
  {
    text: `${good()}\n{"symbol":\n${good({ volume: 0 })}\n${good()}`,
    good: 2,
    reasons: ['undecodable_record', 'volume_out_of_range'],
  },
  { text: `[${good()},${good()}]`, good: 0, reasons: ['undecodable_record'] },
  { text: good({ venue: 'nowhere' }), good: 0, reasons: ['unknown_venue'] },
  { text: good({ timestamp: 'noon' }), good: 0, reasons: ['timestamp_out_of_range'] },
  { text: '\n', good: 0, reasons: ['undecodable_record'] },
  { text: good({ note: 'x'.repeat(900_000) }), good: 1, reasons: [] },
]

test('the producer of docs/producers.md fills trades; bad lines go to quarantine, each with its reason', {
  timeout: 600_000,
}, async t => {
  const missing = await pythonMissing()
  if (missing && process.env.CI === 'true') throw new Error(missing)
  const kafka = await startKafka(t)
  if (missing ?? kafka.missing) return t.skip(missing ?? kafka.missing)
  const { command, path: modules } = await pythonWith('confluent-kafka')
  const env = { ...process.env, PYTHONPATH: modules }
  const address = kafka.address({ partitions: 2 })
  const topic = `${new URL(address).searchParams.get('topicPrefix')}trades`
  const instance = new TestInstance(t, { LOG: address })
  const log = await instance.log('write')
  t.after(() => log.close())
  const storing = instance.run('ingest')
  await storing.waitFor('ingest_started', {}, 2)

  const script = path.join(instance.directory, 'producer.py')
  fs.writeFileSync(script, SCRIPT)
  const beforeSeconds = Date.now() / 1000
  await promisify(execFile)(command, [script, kafka.hosts, topic], { env })
  const sender = spawn(command, ['-c', SENDER, kafka.hosts, topic], { env, stdio: ['pipe', 'inherit', 'inherit'] })
  sender.stdin.end(JSON.stringify(MESSAGES.map(({ text }) => text)))
  assert.deepEqual(await once(sender, 'close'), [0, null])

  const refused = MESSAGES.flatMap(({ reasons }) => reasons)
  const stored = 1000 + MESSAGES.reduce((sum, message) => sum + message.good, 0)
  await storing.until(({ store }) => (store.kinds.trades?.ticks ?? 0) >= stored)
  await storing.drained()
  await endAudited(instance, [storing])

  const store = await instance.store()
  try {
    for (let partition = 0; partition < log.partitions; partition++) await log.refresh(partition)
    assertPositions(await checkPositions(store, log))
    const [apple] = await store.rows<{ ticks: string; prices: number[]; first: number; last: number }>(
      `SELECT toUInt32(count()) AS ticks, arraySort(groupArray(price)) AS prices,
         toFloat64(min(timestamp)) AS first, toFloat64(max(timestamp)) AS last
       FROM trades WHERE venue = 'external' AND symbol = 'AAPL' AND volume = 100 AND side = 'unknown'`,
    )
    assert.deepEqual(
      apple!.prices,
      Array.from({ length: 1000 }, (_, n) => 187.25 + n / 100),
    )
    assert.ok(apple!.first >= beforeSeconds - 0.001 && apple!.last <= Date.now() / 1000)
    assert.deepEqual(
      await store.rows(
        `SELECT price, volume, side, toString(timestamp) AS time FROM trades WHERE symbol = 'AAA' AND trade_id = 5`,
      ),
      [{ price: 1.5, volume: 2, side: 'sell', time: '2026-11-22 12:00:00.000000001' }],
    )
    const reasons = await store.rows<{ reason: string }>('SELECT reason FROM quarantine ORDER BY log_offset, log_index')
    assert.deepEqual(
      reasons.map(({ reason }) => reason),
      refused,
    )
  } finally {
    await store.close()
  }
})
