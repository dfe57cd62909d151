/** First and next offset of each partition: from own appends, fetch responses and a poll once a second. */
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

/** Fetches the bounds of partitions from the brokers, in the order given. */
export async function fetchBounds(admin: Admin, partitions: readonly TopicPartition[]): Promise<Bounds[]> {
  const [firsts, nexts] = await Promise.all([
    listOffsets(admin, partitions, EARLIEST),
    listOffsets(admin, partitions, LATEST),
  ])
  return partitions.map((_, index) => ({ first: firsts[index]!, next: nexts[index]! }))
}

async function listOffsets(admin: Admin, partitions: readonly TopicPartition[], timestamp: bigint): Promise<number[]> {
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

/** The last known bounds. They only rise: an answer sent before our last append is older than what we know. */
export class KnownBounds {
  readonly #bounds: Bounds[]

  constructor(bounds: Bounds[]) {
    this.#bounds = bounds
  }

  of(partition: number): Bounds {
    const { first, next } = this.#bounds[partition]!
    return { first, next }
  }

  update(partition: number, { first, next }: Partial<Bounds>): void {
    const known = this.#bounds[partition]!
    known.first = Math.max(known.first, first ?? 0)
    known.next = Math.max(known.next, next ?? 0, known.first)
  }
}
