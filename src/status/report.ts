/** The status of every stage, from ingest and from the recorders' reports. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ArchiveMetrics } from '../archive/archive.ts'
import { diskGrowthBytesPerDay } from '../audit/disk-growth.ts'
import type { Log } from '../log/log.ts'
import type { LogRetention } from '../log/retention.ts'
import type { StatusBoard } from '../log/status-board.ts'
import type { ConnectionStatus } from '../sources/connection/status.ts'
import { ANNOUNCE_EVERY_MS, RECORDERS, type RecorderReport, recordersIn } from '../sources/status.ts'
import { SYMBOL_STATES, type SymbolState, symbolStatesIn } from '../sources/subscription/symbol-states.ts'
import type { Store, StoreSize } from '../store/store.ts'
import { LastSeen } from '../telemetry/last-seen.ts'
import { Recent, slowest } from '../telemetry/statistics.ts'
import { type Evaluation, evaluateArchive, evaluateLog, evaluateSources } from './evaluation.ts'
import type { IngestStatus } from './ingest-status.ts'
import type { StageStatuses } from './model.ts'

/** A recorder without a report for this long is not running. */
const RECORDER_SILENT_MS_MAX = ANNOUNCE_EVERY_MS * 10
const SIZE_EVERY_MS = 2_000
const DISK_GROWTH_EVERY_MS = 60_000
/** The longest that a report waits for the sizes; later ones are in the next report. */
const SIZE_WAIT_MS_MAX = 500
/** The alert fires at this multiple of the free space at which storing stops. */
const ALERT_BEFORE_STOP = 2
/** Three per batch: about the last 30 s. */
const FRESHNESS_SAMPLES = 500

/** The status of the archive; `address` is null if only the archiving process knows it. */
export type ArchiveStatus = Pick<ArchiveMetrics, 'objects' | 'rows' | 'bytes' | 'behindMs' | 'failure'> & {
  address: string | null
}

export interface ReportOptions {
  log: Log & LogRetention & StatusBoard
  store: Store
  ingest: IngestStatus
  /** The status of the archive; null if this process knows none. */
  archive: () => ArchiveStatus | null
}

export class StatusReport {
  readonly #log: ReportOptions['log']
  readonly #lastSeen = new LastSeen()
  readonly #store: Store
  readonly #ingest: IngestStatus
  readonly #archive: ReportOptions['archive']
  #size: StoreSize = { bytes: 0, parts: 0, merges: 0, kinds: {} }
  #sizeAtMs = Number.NEGATIVE_INFINITY
  #sizing: Promise<void> | undefined
  #diskGrowth: number | null = null
  #diskGrowthDueMs = 0
  /** The store's last error; undefined if it answered. */
  #away: string | undefined
  #freshnessMs: number | null = null
  readonly #freshness = new Recent(FRESHNESS_SAMPLES)

  constructor({ log, store, ingest, archive }: ReportOptions) {
    this.#log = log
    this.#store = store
    this.#ingest = ingest
    this.#archive = archive
  }

  /** The recorders that run, by their reports. */
  recorders(): RecorderReport[] {
    return recordersIn(this.#log.announcements(RECORDERS)).filter(
      ({ key, atMs }) => this.#lastSeen.ageMs(key, atMs) < RECORDER_SILENT_MS_MAX,
    )
  }

  /** The state of every symbol and kind of the recorders that run. */
  symbolStates(): SymbolState[] {
    const byInstance = symbolStatesIn(this.#log.announcements(SYMBOL_STATES))
    return this.recorders().flatMap(({ status }) => byInstance.get(status.instance) ?? [])
  }

  /** Called after each batch with the venue's times of its first, middle and newest trade, µs. */
  stored(times: readonly [first: number, middle: number, newest: number]): void {
    const nowMs = Date.now()
    for (const micros of times) this.#freshness.add(nowMs - micros / 1000)
    this.#freshnessMs = nowMs - times[2] / 1000
  }

  async report(): Promise<StageStatuses> {
    await this.#measureSize()
    const nowMs = Date.now()
    const recorders = this.recorders().map(({ status }) => status)
    const partitions = this.#ingest.partitions(nowMs)
    const lagTicks = partitions.reduce((sum, partition) => sum + partition.lagTicks, 0)
    const lagMs = Math.max(0, ...partitions.map(partition => partition.lagMs))
    const summary = this.#ingest.summary()
    const received = recorders.reduce((sum, { receivedPerSecond }) => sum + receivedPerSecond, 0)
    const connections = recorders.flatMap(recorder => recorder.connections)
    const appendMs = slowest(recorders.flatMap(recorder => recorder.appendMs ?? []))
    const base = (evaluation: Evaluation, ticksPerSecond: number) => ({
      state: evaluation[0],
      advice: evaluation[1],
      ticksPerSecond,
    })
    const disk = this.#store.disk()
    const diskLow = disk && { freeBytes: disk.freeBytes, lowBytes: ALERT_BEFORE_STOP * disk.freeBytesMin }
    return {
      atMs: nowMs,
      sources: {
        ...base(evaluateSources(recorders), received),
        lagTicks: 0,
        lagMs: slowestMs(connections),
        connections,
      },
      log: {
        ...base(evaluateLog(recorders, this.#log.unreachableSinceMs()), received),
        lagTicks: 0,
        lagMs: appendMs?.p50 ?? 0,
        address: this.#log.address,
        partitions,
        sizeBytes: this.#log.sizeBytes(),
        appendMs,
      },
      ingest: {
        ...base(this.#ingest.evaluate(lagMs), summary.ticksPerSecond),
        ...summary,
        repairs: recorders.flatMap(({ repairs }) => repairs),
        lagTicks,
        lagMs,
      },
      store: {
        ...base(this.#evaluateStore(diskLow), summary.ticksPerSecond),
        lagTicks: 0,
        lagMs: summary.insertMs?.p50 ?? 0,
        address: this.#store.address,
        kinds: Object.fromEntries(
          Object.entries(this.#size.kinds).map(([kind, { ticks, bytes }]) => [
            kind,
            { ticks, bytesPerTick: ticks === 0 ? null : bytes / ticks },
          ]),
        ),
        sizeBytes: this.#size.bytes,
        parts: this.#size.parts,
        merges: this.#size.merges,
        freshnessMs: this.#freshnessMs,
        freshnessQuantilesMs: this.#freshness.quantiles(),
        audit: this.#lastAudit(),
        diskFreeBytes: diskLow?.freeBytes ?? null,
        diskFreeBytesMin: diskLow?.lowBytes ?? 0,
        diskGrowthBytesPerDay: disk && this.#diskGrowth,
      },
      archive: this.#archiveStatus(),
    }
  }

  #archiveStatus(): StageStatuses['archive'] {
    const metrics = this.#archive()
    const [state, advice] = evaluateArchive(metrics)
    const verified = metrics && {
      address: metrics.address,
      objects: metrics.objects,
      rows: metrics.rows,
      sizeBytes: metrics.bytes,
    }
    return { state, advice, ticksPerSecond: 0, lagTicks: 0, lagMs: metrics?.behindMs ?? 0, verified }
  }

  #evaluateStore(disk: { freeBytes: number; lowBytes: number } | null): Evaluation {
    const failed = [...this.#ingest.audits.values()].find(result => !result.passed)
    if (failed)
      return ['trouble', `The audit of partition ${failed.partition} failed: ${failed.detail}. Run: tickhouse doctor`]
    if (this.#away !== undefined)
      return ['trouble', `The store does not answer: ${this.#away.replace(/[\s.]+$/, '')}. The log keeps the ticks.`]
    if (disk && disk.freeBytes < disk.lowBytes)
      return [
        'trouble',
        `Less than ${disk.lowBytes / 2 ** 20} MiB are free on the disk: make room. Tickhouse deletes nothing itself; at half of that it stops storing, while the log continues.`,
      ]
    if (this.#store.engine?.overrun)
      return [
        'behind',
        'A query exceeded its time limit and was cancelled, but the engine has not ended it: if it does not, this process is restarted.',
      ]
    return ['ok', 'Every tick is stored exactly once.']
  }

  #lastAudit() {
    const results = [...this.#ingest.audits.values()]
    if (results.length === 0) return null
    const failed = results.find(result => !result.passed)
    const { atMs, passed, detail, ticks } = failed ?? results.reduce((a, b) => (a.atMs > b.atMs ? a : b))
    return { atMs, passed, detail: detail || `${ticks} ticks, each stored exactly once` }
  }

  /** A store that is away must not block the report: it then has the last known sizes. */
  async #measureSize(): Promise<void> {
    const nowMs = performance.now()
    if (nowMs - this.#sizeAtMs >= SIZE_EVERY_MS) {
      this.#sizeAtMs = nowMs
      this.#sizing ??= this.#querySize().finally(() => {
        this.#sizing = undefined
      })
    }
    if (!this.#sizing) return
    const late = new AbortController()
    await Promise.race([this.#sizing, sleep(SIZE_WAIT_MS_MAX, undefined, { signal: late.signal }).catch(() => {})])
    late.abort()
  }

  async #querySize(): Promise<void> {
    try {
      this.#size = await this.#store.size()
      if (this.#store.disk() && performance.now() >= this.#diskGrowthDueMs) {
        this.#diskGrowth = await diskGrowthBytesPerDay(this.#store)
        this.#diskGrowthDueMs = performance.now() + DISK_GROWTH_EVERY_MS
      }
      this.#away = undefined
    } catch (error) {
      this.#away = (error as Error).message
    }
  }
}

/**
 * The median latency of the slowest connection, from the venue's clock to our socket, ms; negative if the venue's clock
 * is ahead.
 */
function slowestMs(connections: readonly ConnectionStatus[]): number {
  const known = connections.flatMap(({ latencyMs }) => latencyMs?.p50 ?? [])
  return known.length === 0 ? 0 : Math.max(...known)
}
