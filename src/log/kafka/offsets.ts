/** Where each partition begins and ends, as known: by our own writes, by what fetches tell, and by asking once a second. */
import type { Admin } from '@platformatic/kafka'
import type { Bounds } from '../log.ts'

const EARLIEST = -2n
const LATEST = -1n
const READ_UNCOMMITTED = 0

/** A partition of a topic. */
export interface TopicPartition {
  topic: string
  partition: number
}

/** Asks the brokers for the bounds of partitions, in the order given. */
export async function fetchBounds(admin: Admin, partitions: readonly TopicPartition[]): Promise<Bounds[]> {
  const [firsts, nexts] = await Promise.all([ask(admin, partitions, EARLIEST), ask(admin, partitions, LATEST)])
  return partitions.map((_, index) => ({ first: firsts[index]!, next: nexts[index]! }))
}

async function ask(admin: Admin, partitions: readonly TopicPartition[], timestamp: bigint): Promise<number[]> {
  const names = [...new Set(partitions.map(({ topic }) => topic))]
  const topics = names.map(name => ({
    name,
    partitions: partitions
      .filter(({ topic }) => topic === name)
      .map(({ partition }) => ({ partitionIndex: partition, timestamp })),
  }))
  const answers = await admin.listOffsets({ topics, isolationLevel: READ_UNCOMMITTED })
  const offsets = new Map<string, number>()
  for (const { name, partitions } of answers)
    for (const { partitionIndex, offset } of partitions) offsets.set(`${name}:${partitionIndex}`, Number(offset))
  return partitions.map(({ topic, partition }) => {
    const offset = offsets.get(`${topic}:${partition}`)
    if (offset === undefined) throw new Error(`no broker answered for ${topic} partition ${partition}`)
    return offset
  })
}

/** Bounds as known. They only rise: an answer that was on its way while we wrote says less than we know. */
export class KnownBounds {
  readonly #bounds: Bounds[]

  constructor(bounds: Bounds[]) {
    this.#bounds = bounds
  }

  of(partition: number): Bounds {
    const { first, next } = this.#bounds[partition]!
    return { first, next }
  }

  learn(partition: number, { first, next }: Partial<Bounds>): void {
    const known = this.#bounds[partition]!
    known.first = Math.max(known.first, first ?? 0)
    known.next = Math.max(known.next, next ?? 0, known.first)
  }
}
