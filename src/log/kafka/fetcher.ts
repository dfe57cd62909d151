/**
 * Fetches for all readers of a log together: one request to each broker at a time, with every partition it leads that somebody
 * waits for. The client's own stream is not used: it gives up after a few failures and returns to offsets that are not ours.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Base, type BaseOptions, fetchV13, type RecordsBatch } from '@platformatic/kafka'
import { outlivingErrors } from './client.ts'
import { notAllowed, PROTOCOL } from './errors.ts'

/** How long a broker may hold a request for which it has nothing: a reader that comes meanwhile waits for its end. */
const WAIT_MS_MAX = 50
/** After an answer with little in it the next question waits a little, so that small records do not make a thousand requests. */
const PAUSE_MS = 4
const LITTLE_RECORDS = 16
const RESPONSE_BYTES_MAX = 16 * 2 ** 20
/** Most of a partition in one answer; a larger batch comes alone. 1 MiB measured best. */
const PARTITION_BYTES_MAX = 2 ** 20
const READ_UNCOMMITTED = 0
/** No fetch session: what a request says is all there is to know, so that a lost answer loses nothing. */
const NO_SESSION = { id: 0, epoch: -1 }
const RETRY_MS_MIN = 50
const RETRY_MS_MAX = 1_000

/** One that waits for records of a partition. Asked for in the moment a request is made. */
export interface Waiting {
  topic: string
  partition: number
  /** The offset it needs next. */
  next: number
  /** The epoch of the leader that took the record before `next`; -1 if not known. The brokers then say if they hold another. */
  lastEpoch: number
  /** Called once with what was found, which is at least one batch. Throws nothing. */
  found(batches: RecordsBatch[]): void
  /** The offset is not in the log. Called once. */
  outOfRange(): void
  /** The record before `next` is not in the log any more: what the brokers have of its epoch, or of those before, ends at `end`. Called once. */
  diverged(end: number): void
  /** What was fetched cannot be read, by anyone, or may not be, by us. Called once. */
  unreadable(error: unknown): void
}

/** One that is asked for, as it was when the request was made, with the epoch of the leader that is asked. */
interface Asked {
  waiting: Waiting
  next: number
  leaderEpoch: number
}

export interface FetcherOptions {
  client: BaseOptions
  /** The topics read, with the ids they had when the log was opened: what has another id by now is another log. */
  topics: ReadonlyMap<string, string>
  /** Told of a partition's bounds with every answer. */
  bounds: (topic: string, partition: number, first: number, next: number) => void
  /** A broker does not know a topic any more: it may have been deleted. */
  topicUnknown: () => void
}

type Response = Awaited<ReturnType<typeof fetchV13.api.async>>
type PartitionResponse = Response['responses'][number]['partitions'][number]

export class Fetcher {
  readonly #options: FetcherOptions
  readonly #client: Base
  readonly #waiting = new Set<Waiting>()
  readonly #busy = new Set<number>()
  readonly #ended = new AbortController()
  readonly #failures = new Map<number, number>()
  #answeredMs = Date.now()
  /** Topics that brokers have let us read: should one refuse us later, that may pass. */
  readonly #allowed = new Set<string>()
  #pumping = false
  #again = false
  /** A fetch of several partitions could not be read: each is asked for alone, to know which. */
  #alone = false

  constructor(options: FetcherOptions) {
    this.#options = options
    this.#client = outlivingErrors(new Base(options.client))
  }

  /** When a broker last answered, ms since 1970 UTC. While somebody waits they are asked many times a second. */
  get answeredMs(): number {
    return this.#answeredMs
  }

  want(waiting: Waiting): void {
    this.#waiting.add(waiting)
    this.#pump()
  }

  forget(waiting: Waiting): void {
    this.#waiting.delete(waiting)
  }

  async close(): Promise<void> {
    this.#ended.abort()
    this.#waiting.clear()
    await this.#client.close().catch(() => {})
  }

  #pump(): void {
    this.#again = true
    if (this.#pumping) return
    this.#pumping = true
    void (async () => {
      while (this.#again && this.#waiting.size > 0 && !this.#ended.signal.aborted) {
        this.#again = false
        await this.#ask().catch(() => this.#waitAfterFailure(-1))
      }
      this.#pumping = false
    })()
  }

  async #ask(): Promise<void> {
    const metadata = await this.#client.metadata({ topics: [...this.#options.topics.keys()] })
    this.#failures.delete(-1)
    const byLeader = new Map<number, Asked[]>()
    const chosen = new Set<string>()
    for (const waiting of this.#waiting) {
      const place = `${waiting.topic}:${waiting.partition}`
      const { leader = -1, leaderEpoch = -1 } = metadata.topics.get(waiting.topic)?.partitions[waiting.partition] ?? {}
      // A request can ask for a partition at one offset only: a second reader of it takes the next.
      if (this.#busy.has(leader) || chosen.has(place) || (this.#alone && byLeader.has(leader))) continue
      chosen.add(place)
      const list = byLeader.get(leader) ?? []
      byLeader.set(leader, list)
      list.push({ waiting, next: waiting.next, leaderEpoch })
    }
    for (const [leader, list] of byLeader) {
      this.#busy.add(leader)
      void this.#fetch(metadata.brokers.get(leader), list)
        .then(async records => {
          this.#failures.delete(leader)
          this.#answeredMs = Date.now()
          if (records < LITTLE_RECORDS) await sleep(PAUSE_MS)
        })
        .catch(() => this.#waitAfterFailure(leader))
        .finally(() => {
          this.#busy.delete(leader)
          this.#pump()
        })
    }
  }

  async #waitAfterFailure(leader: number): Promise<void> {
    this.#client.clearMetadata()
    const failures = this.#failures.get(leader) ?? 0
    this.#failures.set(leader, failures + 1)
    const waitMs = Math.min(RETRY_MS_MIN * 2 ** failures, RETRY_MS_MAX)
    await sleep(waitMs, undefined, { signal: this.#ended.signal }).catch(() => {})
    this.#again = true
  }

  /** How many records came. Throws where the same is to be asked again later. */
  async #fetch(broker: { host: string; port: number } | undefined, list: readonly Asked[]): Promise<number> {
    const connection = await this.#client.connections.get(broker!)
    const topics = [...this.#options.topics].map(([name, topicId]) => ({
      topicId,
      partitions: list
        .filter(({ waiting }) => waiting.topic === name)
        .map(({ waiting, next, leaderEpoch }) => ({
          partition: waiting.partition,
          fetchOffset: BigInt(next),
          partitionMaxBytes: PARTITION_BYTES_MAX,
          // A leader of another epoch than we know says so, and is asked for anew: it may not be one any more.
          currentLeaderEpoch: leaderEpoch,
          lastFetchedEpoch: waiting.lastEpoch,
        })),
    }))
    const response = await fetchV13.api
      .async(
        connection,
        WAIT_MS_MAX,
        1,
        RESPONSE_BYTES_MAX,
        READ_UNCOMMITTED,
        NO_SESSION.id,
        NO_SESSION.epoch,
        topics.filter(({ partitions }) => partitions.length > 0),
        [],
        '',
      )
      .catch(error => {
        // The client throws where one partition of many has an error: the answer is within.
        if (typeof error.response === 'object') return error.response as Response
        if (isOfTransport(error)) throw error
        return this.#cannotRead(list, error)
      })
    if (!response) return 0
    const names = new Map([...this.#options.topics].map(([name, id]) => [id, name]))
    let records = 0
    let failed = response.errorCode !== PROTOCOL.none
    for (const { topicId, partitions } of response.responses)
      for (const answer of partitions) {
        const topic = names.get(topicId)
        const asked = list.find(({ waiting }) => waiting.topic === topic && waiting.partition === answer.partitionIndex)
        if (!asked) continue
        const { waiting, next } = asked
        if (answer.errorCode === PROTOCOL.none) records += this.#deliver(waiting, next, answer)
        else if (answer.errorCode === PROTOCOL.offsetOutOfRange) {
          if (this.#waiting.delete(waiting)) waiting.outOfRange()
        } else if (answer.errorCode === PROTOCOL.topicAuthorizationFailed && !this.#allowed.has(waiting.topic)) {
          if (this.#waiting.delete(waiting)) waiting.unreadable(notAllowed(waiting.topic))
        } else {
          failed = true
          if (UNKNOWN.includes(answer.errorCode)) this.#options.topicUnknown()
        }
      }
    if (failed) throw new Error('a partition is to be asked for again')
    this.#alone = false
    return records
  }

  #deliver(waiting: Waiting, asked: number, answer: PartitionResponse): number {
    this.#allowed.add(waiting.topic)
    const first = Number(answer.logStartOffset)
    this.#options.bounds(waiting.topic, waiting.partition, first, Number(answer.highWatermark))
    const end = answer.divergingEpoch?.endOffset ?? -1n
    if (end >= 0n) {
      if (waiting.next === asked && this.#waiting.delete(waiting)) waiting.diverged(Number(end))
      return 0
    }
    const batches = answer.records ?? []
    // Forgotten meanwhile, or asks for another place by now.
    if (batches.length === 0 || waiting.next !== asked || !this.#waiting.delete(waiting)) {
      // Whoever got nothing goes to the end of the line: a broker fills its answer in the order asked.
      if (this.#waiting.delete(waiting)) this.#waiting.add(waiting)
      return 0
    }
    waiting.found(batches)
    return batches.reduce((sum, batch) => sum + batch.records.length, 0)
  }

  #cannotRead(list: readonly Asked[], error: unknown): undefined {
    if (list.length > 1) {
      this.#alone = true
      return
    }
    this.#alone = false
    for (const { waiting } of list) if (this.#waiting.delete(waiting)) waiting.unreadable(error)
  }
}

const UNKNOWN: readonly number[] = [PROTOCOL.unknownTopicOrPartition, PROTOCOL.unknownTopicId]

/** Did the way there fail, rather than what came? Those errors are the client's own. */
function isOfTransport(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' && /^PLT_KFK_(NETWORK|TIMEOUT|AUTHENTICATION|MULTIPLE|RESPONSE|PROTOCOL)$/.test(code)
}
