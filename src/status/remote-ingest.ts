/**
 * The status of ingest and archive in other processes: from the tables, to which they write ticks, metrics and events,
 * and from the bounds of the log. No process needs another's address.
 */
import type { Log } from '../log/log.ts'
import type { Store } from '../store/store.ts'
import type { Emit } from '../telemetry/events.ts'
import type { LogEntry } from '../telemetry/journal.ts'
import type { MetricName } from '../telemetry/metrics.ts'
import { slowest } from '../telemetry/statistics.ts'
import { throttleEvents } from '../telemetry/throttle.ts'
import { showsMissing } from '../venues/index.ts'
import { type Evaluation, evaluateLag, LAG_MS_MAX } from './evaluation.ts'
import type { IngestStatus, IngestSummary, LastAudit } from './ingest-status.ts'
import { lastAudits } from './last-audits.ts'
import type { PartitionStatus, Quantiles } from './model.ts'
import {
  archiveMetrics,
  ingestMetrics,
  type LastValue,
  lastRefused,
  openGaps,
  type RemoteEntry,
  remoteEntries,
} from './remote-queries.ts'
import type { ArchiveStatus } from './report.ts'

const POLL_EVERY_MS = 2_000
/** An archiver without metrics for this long counts as stopped. */
const ARCHIVER_SILENT_MS_MAX = 30_000
/** Initial log entries, so that the page does not start empty. */
const FIRST_LOG_SECONDS = 600
/** Polled range: entries reach their table within seconds. */
const LOG_SECONDS = 30

export interface RemoteIngestOptions {
  log: Log
  store: Store
  /** This run, whose entries are left out. */
  instance: string
  emit: Emit
}

/** Reads new rows of the tables. */
export interface TableFollower {
  /** The offset below which records are stored, by partition; undefined while that is not known. */
  offsets(): ReadonlyMap<number, number> | undefined
}

export class RemoteIngest implements IngestStatus {
  readonly own = []
  audits: ReadonlyMap<number, LastAudit> = new Map()
  readonly #options: RemoteIngestOptions
  readonly #emit: Emit
  #follower: TableFollower = { offsets: () => undefined }
  #ingest: LastValue[] = []
  #archive: LastValue[] = []
  #gaps = new Map<string, number>()
  readonly #refusedBelow = new Map<number, number>()
  #refused = { total: 0, atMs: 0, perSecond: 0 }
  /** By partition: the stored offset, since when, and when it was last caught up. */
  readonly #moved = new Map<number, { stored: number; atMs: number; caughtUpAtMs: number }>()
  #entries: LogEntry[] = []
  readonly #lastIds = new Map<string, number>()
  #logSeconds = FIRST_LOG_SECONDS
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: RemoteIngestOptions) {
    this.#options = options
    this.#emit = throttleEvents(options.emit)
  }

  /** Takes from `follower` how far each partition is stored. */
  follow(follower: TableFollower): void {
    this.#follower = follower
  }

  /** Polls the tables once, then periodically. Throws nothing: the report shows a store that is away. */
  async start(): Promise<void> {
    try {
      await this.#poll()
    } catch (error) {
      if (!this.#closed) this.#emit('page_failed', { why: (error as Error).message })
    }
    if (!this.#closed) this.#timer = setTimeout(() => void this.start(), POLL_EVERY_MS)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  partitions(nowMs: number): PartitionStatus[] {
    const offsets = this.#follower.offsets() ?? new Map<number, number>()
    return [...offsets].map(([partition, offset]) => this.#status(partition, offset, nowMs)).sort(byPartition)
  }

  summary(): IngestSummary {
    const refused = this.#ingest.filter(({ name }) => name === 'ingest_refused_ticks_total')
    const byReason = Map.groupBy(refused, ({ labels }) => labels.reason!)
    return {
      ticksPerSecond: this.#sum('ingest_stored_ticks_per_second'),
      stored: this.#sum('ingest_stored_ticks_total'),
      refused: this.#refused.total,
      refusedPerSecond: this.#refused.perSecond,
      refusedByReason: Object.fromEntries([...byReason].map(([reason, values]) => [reason, sumOf(values)])),
      gapsOpen: [...this.#gaps.values()].reduce((sum, gaps) => sum + gaps, 0),
      batchTicks: Math.max(0, ...this.#named('ingest_batch_ticks').map(({ value }) => value)),
      insertMs: this.#slowestMs('ingest_insert_seconds'),
      batchAgeMs: this.#slowestMs('ingest_batch_age_seconds'),
    }
  }

  evaluate(lagMs: number): Evaluation {
    if (!this.#follower.offsets()) return ['idle', 'Reading from the tables which records are stored.']
    const running = this.#ingest.length > 0
    if (!running && lagMs > LAG_MS_MAX)
      return ['trouble', 'No process stores the records of the log, which keeps them: start tickhouse ingest.']
    if (
      this.#ingest.some(({ name, labels, value }) => name === 'station_trouble' && labels.station === 'ingest' && value)
    )
      return ['trouble', 'A storing process is in trouble; the log keeps the ticks. See the log below.']
    if (!running && lagMs > 0)
      return ['behind', 'No process stores the last records of the log, which keeps them: start tickhouse ingest.']
    if (!running) return ['idle', 'No storing process is running. Every record of the log is stored.']
    return evaluateLag(lagMs)
  }

  gapsOf(venue: string, symbol: string): number | null {
    if (!showsMissing(venue)) return null
    return this.#gaps.get(`${venue} ${symbol}`) ?? 0
  }

  newLogEntries(): LogEntry[] {
    return this.#entries.splice(0)
  }

  /** The status of the archive; null if no process wrote metrics of it for a day. */
  archived(): ArchiveStatus | null {
    const value = (name: MetricName) => newest(this.#archive.filter(each => each.name === name))?.value ?? 0
    const last = newest(this.#archive)
    if (!last) return null
    return {
      address: null,
      objects: value('archive_objects'),
      rows: value('archive_rows'),
      bytes: value('archive_bytes'),
      behindMs: value('archive_behind_seconds') * 1000,
      failure: failureOf(last.ageMs, value('archive_failing') > 0),
    }
  }

  /**
   * As in `LocalIngest`, but the age of the oldest record not stored comes from its storing process, up to 5 s late.
   * `lagMs` is 0 only if every record is stored.
   */
  #status(partition: number, offset: number, nowMs: number): PartitionStatus {
    const { log } = this.#options
    const { first, next } = log.bounds(partition)
    const stored = Math.max(
      offset,
      this.#refusedBelow.get(partition) ?? 0,
      this.#of(partition, 'log_stored_offset') ?? 0,
    )
    const moved = this.#moved.get(partition) ?? { stored: -1, atMs: nowMs, caughtUpAtMs: 0 }
    if (stored !== moved.stored) Object.assign(moved, { stored, atMs: nowMs })
    if (stored >= next) moved.caughtUpAtMs = nowMs
    this.#moved.set(partition, moved)
    if (stored >= next) return { partition, first, next, stored, lagTicks: 0, lagMs: 0 }
    const stillMs = nowMs - Math.max(moved.atMs, moved.caughtUpAtMs)
    const lagMs = Math.max(1, stillMs, (this.#of(partition, 'ingest_lag_seconds') ?? 0) * 1000)
    return { partition, first, next, stored, lagTicks: this.#lagTicks(partition, next - stored), lagMs }
  }

  /** This process reads no records: the storing process reports the ticks per record. */
  #lagTicks(partition: number, records: number): number {
    const of = (name: MetricName) => this.#of(partition, name) ?? 0
    const theirs = of('log_next_offset') - of('log_stored_offset')
    return Math.round(records * (theirs > 0 ? of('ingest_lag_ticks') / theirs : 1))
  }

  /** The newest value of a metric of a partition, from any process. */
  #of(partition: number, name: MetricName): number | undefined {
    return newest(this.#named(name).filter(({ labels }) => labels.partition === String(partition)))?.value
  }

  #named(name: MetricName): LastValue[] {
    return this.#ingest.filter(each => each.name === name)
  }

  #sum(name: MetricName): number {
    return sumOf(this.#named(name))
  }

  #slowestMs(name: MetricName): Quantiles | null {
    const values = Map.groupBy(this.#named(name), ({ instance }) => instance)
    const quantiles = [...values.values()].map(ones => {
      const of = (quantile: string) => (ones.find(({ labels }) => labels.quantile === quantile)?.value ?? 0) * 1000
      return { p50: of('p50'), p99: of('p99'), max: of('max') }
    })
    return slowest(quantiles)
  }

  async #poll(): Promise<void> {
    const { store, instance } = this.#options
    this.#ingest = await ingestMetrics(store)
    this.#countRefused()
    this.#archive = await archiveMetrics(store)
    this.audits = new Map((await lastAudits(store)).map(done => [done.partition, withoutRange(done)]))
    this.#gaps = new Map((await openGaps(store)).map(({ venue, symbol, gaps }) => [`${venue} ${symbol}`, gaps]))
    const known = this.partitions(Date.now()).map(({ partition, stored }) => [partition, stored] as const)
    for (const { partition, last } of await lastRefused(store, new Map(known)))
      this.#refusedBelow.set(partition, Number(last) + 1)
    this.#readEntries(await remoteEntries(store, this.#logSeconds, instance))
    this.#logSeconds = LOG_SECONDS
  }

  #countRefused(): void {
    const [total, atMs] = [this.#sum('ingest_refused_ticks_total'), Date.now()]
    const last = this.#refused
    if (total === last.total && atMs - last.atMs < 3 * POLL_EVERY_MS) return
    const seconds = (atMs - last.atMs) / 1000
    // A process that starts or stops also changes the sum: decreases are not counted.
    this.#refused = { total, atMs, perSecond: last.atMs === 0 ? 0 : Math.max(0, total - last.total) / seconds }
  }

  #readEntries(rows: readonly RemoteEntry[]): void {
    for (const { instance, ...entry } of rows) {
      if (entry.id <= (this.#lastIds.get(instance) ?? 0)) continue
      this.#lastIds.set(instance, entry.id)
      this.#entries.push(entry)
    }
  }
}

function newest(values: readonly LastValue[]): LastValue | undefined {
  return values.reduce<LastValue | undefined>((a, b) => (a && a.ageMs <= b.ageMs ? a : b), undefined)
}

function sumOf(values: readonly LastValue[]): number {
  return values.reduce((sum, { value }) => sum + value, 0)
}

function byPartition(a: PartitionStatus, b: PartitionStatus): number {
  return a.partition - b.partition
}

/** The table has the range in `detail`; a passed audit has no finding. */
function withoutRange(done: LastAudit): LastAudit {
  return done.passed ? { ...done, detail: '' } : done
}

function failureOf(silentMs: number, failing: boolean): ArchiveStatus['failure'] {
  if (silentMs > ARCHIVER_SILENT_MS_MAX)
    return {
      atMs: Date.now() - silentMs,
      why: `The archiving process last reported ${Math.round(silentMs / 1000)} s ago`,
      advice: 'Start tickhouse archive, or the ingest process that archives.',
    }
  return failing ? { atMs: Date.now(), why: 'Archiving fails', advice: 'See the log below.' } : null
}
