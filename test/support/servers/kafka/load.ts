/** Writers and readers that load a log while its brokers fail, and the check of the result. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { OpenLog } from '../../../../src/log/log.ts'
import { numbered } from '../../../contracts/log.ts'

export const LOAD_PARTITIONS = 3
const RECORD_BYTES = 2_000
const BATCH_RECORDS_MAX = 20

/**
 * Appends numbered records to every partition without a pause, and remembers what was acknowledged, with its offset.
 */
export class Load {
  readonly acknowledged = Array.from({ length: LOAD_PARTITIONS }, () => new Map<number, number>())
  readonly #log: OpenLog
  readonly #stop = new AbortController()
  readonly #done: Promise<void>[]

  constructor(log: OpenLog) {
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

  /** Resolves when every partition has so many more. */
  async moreOnEach(records: number): Promise<void> {
    const enough = this.acknowledged.map(({ size }) => size + records)
    while (this.acknowledged.some(({ size }, partition) => size < enough[partition]!)) await sleep(5)
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
export class Follower {
  readonly numbers: number[][] = Array.from({ length: LOAD_PARTITIONS }, () => [])
  readonly #stop = new AbortController()
  readonly #done: Promise<void>[]

  constructor(log: OpenLog) {
    this.#done = this.numbers.map(async (numbers, partition) => {
      for await (const chunk of log.read(partition, 0, this.#stop.signal))
        for (const { offset, payload } of chunk) {
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

/** The first four bytes of a numbered payload are its number, exclusive-or their indexes. */
const COUNTED = 0x03020100

/** Every acknowledged record is in the log once, in order, at the offset that its append returned. */
export function assertEachOnce(load: Load, follower: Follower): void {
  for (const [partition, acknowledged] of load.acknowledged.entries()) {
    const numbers = follower.numbers[partition]!
    assert.deepEqual(numbers, Array.from(numbers.keys()), `partition ${partition}: in order, none twice, none missing`)
    assert.equal(numbers.length, acknowledged.size)
    for (const [number, offset] of acknowledged) assert.equal(numbers[offset], number)
  }
}
