/**
 * Fetches for all readers of a log: one request in flight per broker, for all partitions that it leads and a reader
 * waits for. The client's consumer stream is not used: it fails after a few errors and resets to other offsets.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Base, type BaseOptions, fetchV13, type RecordsBatch } from '@platformatic/kafka'
import { withErrorListener } from './client.ts'
import { notAllowed, PROTOCOL } from './errors.ts'

/** Long poll of a request without records; a reader that arrives meanwhile waits for its end. */
const WAIT_MS_MAX = 50
/** Delay after an answer with few records, so that small records do not cause a thousand requests. */
const PAUSE_MS = 4
const SMALL_ANSWER_RECORDS = 16
const RESPONSE_BYTES_MAX = 16 * 2 ** 20
/** Limit of one partition in an answer; a larger batch comes alone. 1 MiB measured best. */
const PARTITION_BYTES_MAX = 2 ** 20
const READ_UNCOMMITTED = 0
/** No fetch session: each request is complete, so a lost answer loses nothing. */
const NO_SESSION = { id: 0, epoch: -1 }
const RETRY_MS_MIN = 50
const RETRY_MS_MAX = 1_000

/** A reader that waits for records of a partition. Its fields are read when a request is built. */
export interface PendingFetch {
  topic: string
  partition: number
  /** The next offset to fetch. */
  next: number
  /** The leader epoch of the record before `next`, by which brokers detect divergence; -1 if not known. */
  lastEpoch: number
  /** Called once, with at least one batch. Must not throw. */
  onBatches(batches: RecordsBatch[]): void
  /** The offset is not in the log. Called once. */
  onOutOfRange(): void
  /**
   * The record before `next` is no longer in the log: the brokers' records up to its epoch end at `end`. Called once.
   */
  onDiverged(end: number): void
  /** The records are corrupt, or this user may not read them. Called once. */
  onUnreadable(error: unknown): void
}

/** A partition in a request, as it was when the request was built, with the epoch of the requested leader. */
interface RequestedPartition {
  pending: PendingFetch
  next: number
  leaderEpoch: number
}

export interface FetcherOptions {
  client: BaseOptions
  /** The topics read, with their ids at opening: a topic with another id is another log. */
  topics: ReadonlyMap<string, string>
  /** Called with a partition's bounds at every answer. */
  bounds: (topic: string, partition: number, first: number, next: number) => void
  /** A broker no longer knows a topic: it may have been deleted. */
  topicUnknown: () => void
}

type Response = Awaited<ReturnType<typeof fetchV13.api.async>>
type PartitionResponse = Response['responses'][number]['partitions'][number]

export class Fetcher {
  readonly #options: FetcherOptions
  readonly #client: Base
  readonly #pending = new Set<PendingFetch>()
  readonly #busy = new Set<number>()
  readonly #ended = new AbortController()
  readonly #failures = new Map<number, number>()
  #answeredMs = Date.now()
  /** Topics that were readable before: a later authorization error may be temporary. */
  readonly #allowed = new Set<string>()
  #pumping = false
  #again = false
  /** An answer for several partitions was unreadable: each is requested alone, to find the corrupt one. */
  #onePerRequest = false

  constructor(options: FetcherOptions) {
    this.#options = options
    this.#client = withErrorListener(new Base(options.client))
  }

  /** When a broker last answered, ms since 1970 UTC. While a reader waits, brokers are polled many times a second. */
  get answeredMs(): number {
    return this.#answeredMs
  }

  add(pending: PendingFetch): void {
    this.#pending.add(pending)
    this.#pump()
  }

  cancel(pending: PendingFetch): void {
    this.#pending.delete(pending)
  }

  async close(): Promise<void> {
    this.#ended.abort()
    this.#pending.clear()
    await this.#client.close().catch(() => {})
  }

  #pump(): void {
    this.#again = true
    if (this.#pumping) return
    this.#pumping = true
    void (async () => {
      while (this.#again && this.#pending.size > 0 && !this.#ended.signal.aborted) {
        this.#again = false
        await this.#sendReady().catch(() => this.#waitAfterFailure(-1))
      }
      this.#pumping = false
    })()
  }

  async #sendReady(): Promise<void> {
    const metadata = await this.#client.metadata({ topics: [...this.#options.topics.keys()] })
    this.#failures.delete(-1)
    const byLeader = new Map<number, RequestedPartition[]>()
    const chosen = new Set<string>()
    for (const pending of this.#pending) {
      const key = `${pending.topic}:${pending.partition}`
      const { leader = -1, leaderEpoch = -1 } = metadata.topics.get(pending.topic)?.partitions[pending.partition] ?? {}
      // A request contains a partition at one offset only: a second reader of it waits for the next request.
      if (this.#busy.has(leader) || chosen.has(key) || (this.#onePerRequest && byLeader.has(leader))) continue
      chosen.add(key)
      const requests = byLeader.get(leader) ?? []
      byLeader.set(leader, requests)
      requests.push({ pending, next: pending.next, leaderEpoch })
    }
    for (const [leader, requests] of byLeader) {
      this.#busy.add(leader)
      void this.#fetch(metadata.brokers.get(leader), requests)
        .then(async records => {
          this.#failures.delete(leader)
          this.#answeredMs = Date.now()
          if (records < SMALL_ANSWER_RECORDS) await sleep(PAUSE_MS)
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

  /** Returns the number of records received. Throws if the request must be repeated later. */
  async #fetch(
    broker: { host: string; port: number } | undefined,
    requests: readonly RequestedPartition[],
  ): Promise<number> {
    const connection = await this.#client.connections.get(broker!)
    const topics = [...this.#options.topics].map(([name, topicId]) => ({
      topicId,
      partitions: requests
        .filter(({ pending }) => pending.topic === name)
        .map(({ pending, next, leaderEpoch }) => ({
          partition: pending.partition,
          fetchOffset: BigInt(next),
          partitionMaxBytes: PARTITION_BYTES_MAX,
          // A broker with another epoch answers with an error, and metadata is fetched again: it may no longer lead.
          currentLeaderEpoch: leaderEpoch,
          lastFetchedEpoch: pending.lastEpoch,
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
        // The client throws if any partition has an error; the response is attached.
        if (typeof error.response === 'object') return error.response as Response
        if (isTransportError(error)) throw error
        return this.#rejectUnreadable(requests, error)
      })
    if (!response) return 0
    const names = new Map([...this.#options.topics].map(([name, id]) => [id, name]))
    let records = 0
    let failed = response.errorCode !== PROTOCOL.none
    for (const { topicId, partitions } of response.responses)
      for (const answer of partitions) {
        const topic = names.get(topicId)
        const requested = requests.find(
          ({ pending }) => pending.topic === topic && pending.partition === answer.partitionIndex,
        )
        if (!requested) continue
        const { pending, next } = requested
        if (answer.errorCode === PROTOCOL.none) records += this.#deliver(pending, next, answer)
        else if (answer.errorCode === PROTOCOL.offsetOutOfRange) {
          if (this.#pending.delete(pending)) pending.onOutOfRange()
        } else if (answer.errorCode === PROTOCOL.topicAuthorizationFailed && !this.#allowed.has(pending.topic)) {
          if (this.#pending.delete(pending)) pending.onUnreadable(notAllowed(pending.topic))
        } else {
          failed = true
          if (UNKNOWN.includes(answer.errorCode)) this.#options.topicUnknown()
        }
      }
    if (failed) throw new Error('a partition must be requested again')
    this.#onePerRequest = false
    return records
  }

  #deliver(pending: PendingFetch, requested: number, answer: PartitionResponse): number {
    this.#allowed.add(pending.topic)
    const first = Number(answer.logStartOffset)
    this.#options.bounds(pending.topic, pending.partition, first, Number(answer.highWatermark))
    const end = answer.divergingEpoch?.endOffset ?? -1n
    if (end >= 0n) {
      if (pending.next === requested && this.#pending.delete(pending)) pending.onDiverged(Number(end))
      return 0
    }
    const batches = answer.records ?? []
    // Canceled meanwhile, or at another offset by now.
    if (batches.length === 0 || pending.next !== requested || !this.#pending.delete(pending)) {
      // A reader without records moves to the end of the queue: a broker fills its answer in request order.
      if (this.#pending.delete(pending)) this.#pending.add(pending)
      return 0
    }
    pending.onBatches(batches)
    return batches.reduce((sum, batch) => sum + batch.records.length, 0)
  }

  #rejectUnreadable(requests: readonly RequestedPartition[], error: unknown): undefined {
    if (requests.length > 1) {
      this.#onePerRequest = true
      return
    }
    this.#onePerRequest = false
    for (const { pending } of requests) if (this.#pending.delete(pending)) pending.onUnreadable(error)
  }
}

const UNKNOWN: readonly number[] = [PROTOCOL.unknownTopicOrPartition, PROTOCOL.unknownTopicId]

/** True for the client's own errors of transport, false for an answer that it cannot decode. */
function isTransportError(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' && /^PLT_KFK_(NETWORK|TIMEOUT|AUTHENTICATION|MULTIPLE|RESPONSE|PROTOCOL)$/.test(code)
}
