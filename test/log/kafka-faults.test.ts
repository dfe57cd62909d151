import assert from 'node:assert/strict'
import { after, describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { openKafkaLog } from '../../src/log/kafka.ts'
import type { Log } from '../../src/log/log.ts'
import { numbered } from '../contracts/log.ts'
import { startKafka } from '../support/kafka.ts'
import type { Broker } from '../support/kafka-broker.ts'

const kafka = await startKafka({ after }, { own: true })
const KILLS = process.env.FAULT_ROUNDS === 'long' ? 20 : 3
const PARTITIONS = 3
const RECORD_BYTES = 2_000
const BATCH_RECORDS_MAX = 20

async function open(t: TestContext, address: string, mode: 'write' | 'read' = 'write'): Promise<Log> {
  const log = await openKafkaLog(address, mode)
  t.after(() => log.close())
  return log
}

/** Appends numbered records to every partition without a pause, and remembers what was acknowledged, with its offset. */
class Load {
  readonly acknowledged = Array.from({ length: PARTITIONS }, () => new Map<number, number>())
  readonly #log: Log
  readonly #stop = new AbortController()
  readonly #done: Promise<void>[]

  constructor(log: Log) {
    this.#log = log
    this.#done = this.acknowledged.map((_, partition) => this.#write(partition))
  }

  get records(): number {
    return this.acknowledged.reduce((sum, { size }) => sum + size, 0)
  }

  /** Resolves when so many more records were acknowledged. */
  async more(records: number): Promise<void> {
    const enough = this.records + records
    while (this.records < enough) await sleep(5)
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#done)
  }

  async #write(partition: number): Promise<void> {
    let number = 0
    while (!this.#stop.signal.aborted) {
      const count = 1 + (number % BATCH_RECORDS_MAX)
      const records = Array.from({ length: count }, (_, index) => numbered(number + index, RECORD_BYTES))
      const offset = await this.#log.append(partition, records)
      for (let index = 0; index < count; index++) this.acknowledged[partition]!.set(number + index, offset + index)
      number += count
    }
  }
}

/** Follows every partition from its beginning, live: the numbers of what it was given, in order. */
class Follower {
  readonly numbers: number[][] = Array.from({ length: PARTITIONS }, () => [])
  readonly #stop = new AbortController()
  readonly #done: Promise<void>[]

  constructor(log: Log) {
    this.#done = this.numbers.map(async (numbers, partition) => {
      for await (const slice of log.read(partition, 0, this.#stop.signal))
        for (const { offset, payload } of slice) {
          assert.equal(offset, numbers.length, 'offsets are dense')
          numbers.push(Buffer.from(payload).readUInt32LE() ^ COUNTED)
        }
    })
  }

  async reached(load: Load): Promise<void> {
    while (this.numbers.some((numbers, partition) => numbers.length < load.acknowledged[partition]!.size))
      await sleep(5)
    this.#stop.abort()
    await Promise.all(this.#done)
  }
}

/** The first four bytes of a numbered payload hold its number, exclusive-or their places. */
const COUNTED = 0x03020100

function assertEachOnce(load: Load, follower: Follower): void {
  for (const [partition, acknowledged] of load.acknowledged.entries()) {
    const numbers = follower.numbers[partition]!
    assert.deepEqual(numbers, Array.from(numbers.keys()), `partition ${partition}: in order, none twice, none missing`)
    assert.equal(numbers.length, acknowledged.size)
    for (const [number, offset] of acknowledged) assert.equal(numbers[offset], number)
  }
}

describe('a broker that fails', { skip: kafka.missing }, () => {
  const broker = kafka.brokers[0] as Broker

  test(`killed ${KILLS} times under load: nothing acknowledged is lost, doubled or moved, and readers go on by themselves`, async t => {
    const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
    t.diagnostic(`SEED=${seed}`)
    const address = kafka.address({ partitions: PARTITIONS })
    const [writer, reader] = [await open(t, address), await open(t, address, 'read')]
    const [load, follower] = [new Load(writer), new Follower(reader)]
    for (const records of fc.sample(fc.integer({ min: 100, max: 3_000 }), { seed, numRuns: KILLS })) {
      await load.more(records)
      await broker.kill()
      await broker.start()
      const startedMs = performance.now()
      await load.more(100)
      t.diagnostic(`acknowledged again ${Math.round(performance.now() - startedMs)} ms after the broker was up`)
    }
    await load.stop()
    await follower.reached(load)
    t.diagnostic(`${load.records} records`)
    assertEachOnce(load, follower)
  })

  test('standing still for longer than a request may take: what was sent twice is in the log once', async t => {
    const address = kafka.address({ partitions: PARTITIONS })
    const [writer, reader] = [await open(t, address), await open(t, address, 'read')]
    const [load, follower] = [new Load(writer), new Follower(reader)]
    await load.more(500)
    broker.pause()
    t.after(() => broker.resume())
    await sleep(11_000)
    broker.resume()
    await load.more(500)
    await load.stop()
    await follower.reached(load)
    assertEachOnce(load, follower)
  })

  test('closing while the broker is away ends within a bound, and says what was not taken', async t => {
    const log = await openKafkaLog(kafka.address({ partitions: 1 }), 'write')
    await log.append(0, [numbered(0)])
    await broker.kill()
    t.after(() => broker.start())
    const lost = assert.rejects(log.append(0, [numbered(1)]), { code: 'log_unavailable' })
    const startedMs = performance.now()
    await log.close()
    await lost
    assert.ok(performance.now() - startedMs < 12_000)
  })
})
