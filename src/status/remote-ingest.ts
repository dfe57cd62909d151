/**
 * Storing and archiving by other processes, as the page tells of them: from the tables, where they write what they store, what they
 * measure and what they tell, and from the log's own bounds. Nobody has to know another's address.
 */
import type { Log } from '../log/log.ts'
import type { Store } from '../store/store.ts'
import type { Emit } from '../telemetry/events.ts'
import type { LogLine } from '../telemetry/journal.ts'
import type { MetricName } from '../telemetry/metrics.ts'
import { slowest } from '../telemetry/statistics.ts'
import { throttleEvents } from '../telemetry/throttle.ts'
import type { IngestMetricsShown, IngestStatus, LastAudit } from './ingest-status.ts'
import { type Judgement, LAG_MS_MAX, lagJudgement } from './judgements.ts'
import { lastAudits } from './last-audits.ts'
import type { PartitionStatus, Quantiles } from './model.ts'
import {
  archiveMetrics,
  ingestMetrics,
  type LastValue,
  lastRefused,
  openGaps,
  type RemoteReports,
  remoteReports,
} from './remote-queries.ts'
import type { ArchiveStatus } from './report.ts'

const ASK_EVERY_MS = 2_000
/** Of an archiver that wrote no figures for so long it is said that it does not run. */
const ARCHIVER_SILENT_MS_MAX = 30_000
/** What was told before this process began, so that its page does not begin empty. */
const LINES_BEFORE_SECONDS = 600
/** Lines reach their table within seconds: so far back they are looked for each time. */
const LINES_WITHIN_SECONDS = 30

export interface RemoteIngestOptions {
  log: Log
  store: Store
  /** This run, whose own lines are not told twice. */
  instance: string
  emit: Emit
}

/** Reads the tables as they fill. */
export interface TableFollower {
  /** The next offset to read, by partition; undefined while that is not known. */
  places(): ReadonlyMap<number, number> | undefined
}

export class RemoteIngest implements IngestStatus {
  readonly own = []
  audits: ReadonlyMap<number, LastAudit> = new Map()
  readonly #options: RemoteIngestOptions
  readonly #emit: Emit
  #follower: TableFollower = { places: () => undefined }
  #ingest: LastValue[] = []
  #archive: LastValue[] = []
  #gaps = new Map<string, number>()
  readonly #refusedBelow = new Map<number, number>()
  #refused = { total: 0, atMs: 0, perSecond: 0 }
  /** By partition: how far it is stored, since when, and when it was last stored to the end. */
  readonly #moved = new Map<number, { stored: number; atMs: number; caughtUpAtMs: number }>()
  #lines: LogLine[] = []
  readonly #lastLine = new Map<string, number>()
  #linesWithinSeconds = LINES_BEFORE_SECONDS
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

  /** Asks the tables once, and again and again from then on. Throws nothing: a store that is away is told by the report. */
  async start(): Promise<void> {
    try {
      await this.#ask()
    } catch (error) {
      if (!this.#closed) this.#emit('page_failed', { why: (error as Error).message })
    }
    if (!this.#closed) this.#timer = setTimeout(() => void this.start(), ASK_EVERY_MS)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  partitions(nowMs: number): PartitionStatus[] {
    const places = this.#follower.places() ?? new Map<number, number>()
    return [...places].map(([partition, place]) => this.#status(partition, place, nowMs)).sort(byPartition)
  }

  figures(): IngestMetricsShown {
    const refused = this.#ingest.filter(({ name }) => name === 'ingest_refused_ticks_total')
    const byReason = Map.groupBy(refused, ({ labels }) => labels.reason!)
    return {
      ticksPerSecond: this.#sum('ingest_stored_ticks_per_second'),
      stored: this.#sum('ingest_stored_ticks_total'),
      refused: this.#refused.total,
      refusedPerSecond: this.#refused.perSecond,
      refusedByReason: Object.fromEntries([...byReason].map(([reason, figures]) => [reason, sumOf(figures)])),
      gapsOpen: [...this.#gaps.values()].reduce((sum, gaps) => sum + gaps, 0),
      batchTicks: Math.max(0, ...this.#named('ingest_batch_ticks').map(({ value }) => value)),
      insertMs: this.#slowestMs('ingest_insert_seconds'),
      batchAgeMs: this.#slowestMs('ingest_batch_age_seconds'),
    }
  }

  judgement(lagMs: number): Judgement {
    if (!this.#follower.places()) return ['idle', 'The tables are asked how far each partition is stored.']
    const heard = this.#ingest.length > 0
    if (!heard && lagMs > LAG_MS_MAX)
      return ['trouble', 'No process stores what is in the log, which keeps it: start tickhouse ingest.']
    if (
      this.#ingest.some(({ name, labels, value }) => name === 'station_trouble' && labels.station === 'ingest' && value)
    )
      return ['trouble', 'A storing process needs help; the log keeps the ticks. See the lines below.']
    if (!heard) return ['idle', 'No storing process was heard lately. All that is in the log is stored.']
    return lagJudgement(lagMs)
  }

  gapsOf(venue: string, symbol: string): number {
    return this.#gaps.get(`${venue} ${symbol}`) ?? 0
  }

  newLogLines(): LogLine[] {
    return this.#lines.splice(0)
  }

  /** What archiving processes wrote; null if none did for a day. */
  archived(): ArchiveStatus | null {
    const value = (name: MetricName) => newest(this.#archive.filter(figure => figure.name === name))?.value ?? 0
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

  /** As in OwnIngest, but that whoever stores it tells how old the oldest record not stored is, up to five seconds late. */
  #status(partition: number, place: number, nowMs: number): PartitionStatus {
    const { log } = this.#options
    const { first, next } = log.bounds(partition)
    const stored = Math.max(
      place,
      this.#refusedBelow.get(partition) ?? 0,
      this.#of(partition, 'log_stored_offset') ?? 0,
    )
    const moved = this.#moved.get(partition) ?? { stored: -1, atMs: nowMs, caughtUpAtMs: 0 }
    if (stored !== moved.stored) Object.assign(moved, { stored, atMs: nowMs })
    if (stored >= next) moved.caughtUpAtMs = nowMs
    this.#moved.set(partition, moved)
    if (stored >= next) return { partition, first, next, stored, lagTicks: 0, lagMs: 0 }
    const stillMs = nowMs - Math.max(moved.atMs, moved.caughtUpAtMs)
    const lagMs = Math.max(stillMs, (this.#of(partition, 'ingest_lag_seconds') ?? 0) * 1000)
    return { partition, first, next, stored, lagTicks: this.#lagTicks(partition, next - stored), lagMs }
  }

  /** This process reads no records: how many ticks one holds is known from whoever does. */
  #lagTicks(partition: number, records: number): number {
    const of = (name: MetricName) => this.#of(partition, name) ?? 0
    const theirs = of('log_next_offset') - of('log_stored_offset')
    return Math.round(records * (theirs > 0 ? of('ingest_lag_ticks') / theirs : 1))
  }

  /** A figure of a partition, by whoever wrote it last. */
  #of(partition: number, name: MetricName): number | undefined {
    return newest(this.#named(name).filter(({ labels }) => labels.partition === String(partition)))?.value
  }

  #named(name: MetricName): LastValue[] {
    return this.#ingest.filter(figure => figure.name === name)
  }

  #sum(name: MetricName): number {
    return sumOf(this.#named(name))
  }

  #slowestMs(name: MetricName): Quantiles | null {
    const figures = Map.groupBy(this.#named(name), ({ instance }) => instance)
    const quantiles = [...figures.values()].map(ones => {
      const of = (quantile: string) => (ones.find(({ labels }) => labels.quantile === quantile)?.value ?? 0) * 1000
      return { p50: of('p50'), p99: of('p99'), max: of('max') }
    })
    return slowest(quantiles)
  }

  async #ask(): Promise<void> {
    const { store, instance } = this.#options
    this.#ingest = await ingestMetrics(store)
    this.#countRefused()
    this.#archive = await archiveMetrics(store)
    this.audits = new Map((await lastAudits(store)).map(done => [done.partition, withoutRange(done)]))
    this.#gaps = new Map((await openGaps(store)).map(({ venue, symbol, gaps }) => [`${venue} ${symbol}`, gaps]))
    const known = this.partitions(Date.now()).map(({ partition, stored }) => [partition, stored] as const)
    for (const { partition, last } of await lastRefused(store, new Map(known)))
      this.#refusedBelow.set(partition, Number(last) + 1)
    this.#takeLines(await remoteReports(store, this.#linesWithinSeconds, instance))
    this.#linesWithinSeconds = LINES_WITHIN_SECONDS
  }

  #countRefused(): void {
    const [total, atMs] = [this.#sum('ingest_refused_ticks_total'), Date.now()]
    const last = this.#refused
    if (total === last.total && atMs - last.atMs < 3 * ASK_EVERY_MS) return
    const seconds = (atMs - last.atMs) / 1000
    // A process that came or went changes the sum too: what falls is not counted.
    this.#refused = { total, atMs, perSecond: last.atMs === 0 ? 0 : Math.max(0, total - last.total) / seconds }
  }

  #takeLines(told: readonly RemoteReports[]): void {
    for (const { instance, ...line } of told) {
      if (line.id <= (this.#lastLine.get(instance) ?? 0)) continue
      this.#lastLine.set(instance, line.id)
      this.#lines.push(line)
    }
  }
}

function newest(figures: readonly LastValue[]): LastValue | undefined {
  return figures.reduce<LastValue | undefined>((a, b) => (a && a.ageMs <= b.ageMs ? a : b), undefined)
}

function sumOf(figures: readonly LastValue[]): number {
  return figures.reduce((sum, { value }) => sum + value, 0)
}

function byPartition(a: PartitionStatus, b: PartitionStatus): number {
  return a.partition - b.partition
}

/** The table names the range with what was found; of a passed audit nothing was. */
function withoutRange(done: LastAudit): LastAudit {
  return done.passed ? { ...done, detail: '' } : done
}

function failureOf(silentMs: number, failing: boolean): ArchiveStatus['failure'] {
  if (silentMs > ARCHIVER_SILENT_MS_MAX)
    return {
      atMs: Date.now() - silentMs,
      why: `The archiving process was last heard ${Math.round(silentMs / 1000)} s ago`,
      advice: 'Start tickhouse archive, or the ingest that archives.',
    }
  return failing ? { atMs: Date.now(), why: 'Archiving fails', advice: 'See the lines below.' } : null
}
