/** The log as ingest sees it: one broker for all processes, which may drop records and forget group offsets. */
import { TickhouseError } from '../../src/errors.ts'
import type { PartitionAssignment } from '../../src/log/assignment.ts'
import type { Bounds, Log, LoggedRecord } from '../../src/log/log.ts'
import { logBehind, logTruncated } from '../../src/log/offset-errors.ts'
import { CALM, type Odds, type Tally } from './faults.ts'
import type { Host } from './host.ts'
import type { ScriptRecord } from './script.ts'
import type { Timeline } from './timeline.ts'

const FETCH_MS_MAX = 40
const SLICE_RECORDS_MAX = 4

export interface Held extends ScriptRecord {
  timestampMs: number
  leaderEpoch: number
}

interface Partition {
  first: number
  records: Held[]
  leaderEpoch: number
  /** What the log held before records of it were lost, and from which offset on it is another log since; undefined as long as none were. */
  before: { from: number; records: readonly Held[] } | undefined
  /** What the group committed; undefined when that was deleted. */
  committed: number | undefined
  waiting: Set<() => void>
}

export class SimulatedBroker {
  readonly timeline: Timeline
  readonly tally: Tally
  readonly partitions: readonly Partition[]
  odds: Odds = CALM
  /** Called before a reader that has record `after` reads what follows. */
  readingBehind: (partition: number, after: number) => void = () => {}

  constructor(timeline: Timeline, partitions: number, tally: Tally) {
    this.timeline = timeline
    this.tally = tally
    this.partitions = Array.from({ length: partitions }, () => ({
      first: 0,
      records: [],
      leaderEpoch: 0,
      before: undefined,
      committed: undefined,
      waiting: new Set(),
    }))
  }

  append(partition: number, record: ScriptRecord, timestampMs: number): void {
    const { records, leaderEpoch, waiting } = this.partitions[partition]!
    records.push({ ...record, timestampMs, leaderEpoch })
    for (const wake of waiting) wake()
  }

  /** Loses the records from an offset on: others will be given their offsets. At most once in a partition. */
  lose(partition: number, from: number): void {
    const held = this.partitions[partition]!
    held.before = { from, records: [...held.records] }
    held.records.length = from
    for (const wake of held.waiting) wake()
  }
}

export class SimulatedLog implements Log, PartitionAssignment {
  readonly address = 'simulated'
  readonly #broker: SimulatedBroker
  readonly #host: Host

  constructor(broker: SimulatedBroker, host: Host) {
    this.#broker = broker
    this.#host = host
  }

  get partitions(): number {
    return this.#broker.partitions.length
  }

  partitionsOf(): { first: number; count: number } {
    return { first: 0, count: this.partitions }
  }

  identity(): string {
    return 'the simulated log'
  }

  async *read(
    partition: number,
    fromOffset: number,
    signal: AbortSignal,
    after?: LoggedRecord,
  ): AsyncGenerator<LoggedRecord[], void> {
    const { timeline, partitions, tally } = this.#broker
    const held = partitions[partition]!
    let at = fromOffset
    let last = after
    if (fromOffset > 0) this.#broker.readingBehind(partition, fromOffset - 1)
    while (!signal.aborted) {
      this.#check(partition, at, last)
      await this.#woken(held, at < held.records.length ? timeline.delayMs(FETCH_MS_MAX) : undefined, signal)
      if (signal.aborted) return
      if (timeline.chance(this.#broker.odds.unreadable)) {
        tally['log unreadable']++
        throw new TickhouseError('log_unavailable', 'broker gone', 'wait', { retryable: true })
      }
      if (at < held.first) throw new TickhouseError('log_offset_gone', `offset ${at} was trimmed`, 'see lost_ranges')
      this.#check(partition, at, last)
      const end = Math.min(held.records.length, at + 1 + timeline.below(SLICE_RECORDS_MAX))
      if (end === at) continue
      const slice = Array.from({ length: end - at }, (_, index) => this.#entry(partition, at + index))
      last = slice.at(-1)
      at = end
      yield slice
    }
  }

  /** Is what was read still there? */
  #check(partition: number, at: number, last: LoggedRecord | undefined): void {
    const { first, records } = this.#broker.partitions[partition]!
    if (last && at > first) {
      const held = records[last.offset]
      if (held?.record.payload !== last.payload || held.timestampMs !== last.writtenMs)
        throw logTruncated(partition, at, 'it was lost')
    }
    if (at > records.length) throw logBehind(partition, at, records.length, 'nothing to look for')
  }

  #entry(partition: number, offset: number): LoggedRecord {
    const { record, timestampMs, leaderEpoch } = this.#broker.partitions[partition]!.records[offset]!
    return { ...record, partition, offset, timestampMs, writtenMs: timestampMs, leaderEpoch }
  }

  async record(partition: number, offset: number): Promise<LoggedRecord | undefined> {
    const { first, next } = await this.refresh(partition)
    if (offset < first) return undefined
    if (offset >= next) throw logBehind(partition, offset, next, 'nothing to look for')
    return this.#entry(partition, offset)
  }

  /** Waits so long, or for the next record where no time is given; or until the signal aborts. */
  #woken(held: Partition, ms: number | undefined, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = () => {
      held.waiting.delete(wake)
      this.#host.after(0, end)
    }
    const end = () => {
      held.waiting.delete(wake)
      signal.removeEventListener('abort', end)
      resolve()
    }
    signal.addEventListener('abort', end, { once: true })
    if (ms === undefined) held.waiting.add(wake)
    else this.#host.after(ms, end)
    return promise
  }

  bounds(partition: number): Bounds {
    const { first, records } = this.#broker.partitions[partition]!
    return { first, next: records.length }
  }

  async refresh(partition: number): Promise<Bounds> {
    const { timeline } = this.#broker
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#host.after(timeline.delayMs(FETCH_MS_MAX), resolve)
    await promise
    if (timeline.chance(this.#broker.odds.unreadable)) {
      this.#broker.tally['log unreadable']++
      throw new TickhouseError('log_unavailable', 'broker gone', 'wait', { retryable: true })
    }
    return this.bounds(partition)
  }

  noteStored(partition: number, below: number): void {
    this.#broker.partitions[partition]!.committed = below
  }

  /** What a consumer that trusted its group would begin with. */
  committed(partition: number): number {
    return this.#broker.partitions[partition]!.committed ?? 0
  }

  append(): Promise<number> {
    throw new Error('ingest appends nothing')
  }
  countTicks(): Promise<number> {
    throw new Error('ingest counts nothing')
  }
  estimateTicks(): number {
    throw new Error('ingest estimates nothing')
  }
  join(): Promise<void> {
    throw new Error('the world assigns the partitions')
  }

  unusedPartitions(): number {
    return 0
  }
  async close(): Promise<void> {}
}
