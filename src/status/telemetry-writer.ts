/**
 * Writes metrics, events and uptime to the store's tables. It never delays ticks: its buffers are bounded while the
 * store is away, it counts the rows it drops, and it throws nothing.
 */
import { type Clock, MS_PER_DAY, MS_PER_HOUR } from '../clock.ts'
import type { Store } from '../store/store.ts'
import type { Emit } from '../telemetry/events.ts'
import type { LogEntry } from '../telemetry/journal.ts'
import type { Measurement } from '../telemetry/metrics.ts'
import { throttleEvents } from '../telemetry/throttle.ts'

/** A process whose metrics and events are written: this one, or a recorder that reports through the log. */
export interface TelemetrySource {
  process: string
  /** See `instanceName`. */
  instance: string
  /** Its recent log, oldest first; ids rise by one. */
  lines: readonly LogEntry[]
  measure: () => Promise<readonly Measurement[]>
}

/** The states of the stages: a row of table `uptime`. */
export interface UptimeSample {
  recorded: boolean
  stored: boolean
  sources: string
  log: string
  ingest: string
  store: string
  archive: string
}

export interface TelemetrySettings {
  /** Whether metrics and events are written to the tables. */
  enabled: boolean
  /** Days that rows are kept; those of table `uptime` at least 400. */
  keepDays: number
}

export interface TelemetryWriterOptions {
  store: Store
  clock: Clock
  emit: Emit
  /** This run, for table `uptime`. */
  instance: string
  /** The processes to write now. */
  telemetrySources: () => readonly TelemetrySource[]
  /** The states of the stages; null if another process writes them. */
  uptimeSample: () => Promise<UptimeSample | null>
  /** Days that rows are kept; those of table `uptime` at least 400. */
  keepDays: number
}

/** Polling interval of the recent logs; each source keeps more entries than this needs. */
const POLL_EVERY_MS = 1_000
const WRITE_EVERY_MS = 5_000
const UPTIME_EVERY_MS = 10_000
const CLEAN_UP_EVERY_MS = MS_PER_HOUR
/** Rows buffered per table while the store is away: some 20 MB. Older rows are dropped. */
const BUFFERED_ROWS_MAX = 50_000
/**
 * Rows are serialised in one turn of this process: this many take some 10 ms; a full buffer would delay ticks for
 * longer.
 */
const ROWS_PER_INSERT_MAX = 5_000
/** More than a year of availability: a few MB. */
const UPTIME_DAYS_MIN = 400

type Row = Record<string, unknown> & { at: string }
const TABLES = ['metrics', 'events', 'uptime'] as const
type Table = (typeof TABLES)[number]

export class TelemetryWriter {
  /** Rows that were dropped before they were written. */
  dropped = 0
  readonly #options: TelemetryWriterOptions
  readonly #buffers: Record<Table, Row[]> = { metrics: [], events: [], uptime: [] }
  /**
   * The last entry read of each instance; initially from the table, since another process may have written earlier
   * ones.
   */
  readonly #lastIds = new Map<string, number>()
  readonly #stop = new AbortController()
  #running: Promise<void> | undefined
  #writtenMs = Number.NEGATIVE_INFINITY
  #cleanedMs = Number.NEGATIVE_INFINITY
  readonly #emit: Emit

  constructor(options: TelemetryWriterOptions) {
    this.#options = options
    this.#emit = throttleEvents(options.emit, undefined, () => options.clock.elapsedMs())
  }

  start(): void {
    this.#running = Promise.all([this.#poll(), this.#writeUptime()]).then(() => {})
  }

  /** Writes the buffered rows once and ends; does nothing if not started. */
  async stop(): Promise<void> {
    if (!this.#running) return
    this.#stop.abort()
    await this.#running
    await this.#attempt(async () => {
      await this.#collect(false)
      await this.#write()
    })
  }

  async #poll(): Promise<void> {
    const { clock } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      const nowMs = clock.elapsedMs()
      await this.#attempt(() => this.#round(nowMs))
      await clock.sleep(POLL_EVERY_MS, signal).catch(() => {})
    }
  }

  /**
   * A row in each ten seconds of the day, near their middle, however long writing or a report takes: availability is
   * counted by rows, so a row that slips into the next ten seconds would count as an outage.
   */
  async #writeUptime(): Promise<void> {
    const { clock } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      await this.#attempt(() => this.#sampleUptime())
      await clock.sleep(untilNextMiddleMs(clock.nowMicros() / 1000), signal).catch(() => {})
    }
  }

  async #round(nowMs: number): Promise<void> {
    const due = nowMs >= this.#writtenMs + WRITE_EVERY_MS
    await this.#collect(due)
    if (due) {
      this.#writtenMs = nowMs
      await this.#write()
    }
    if (nowMs >= this.#cleanedMs + CLEAN_UP_EVERY_MS) {
      this.#cleanedMs = nowMs
      await this.#cleanUp()
    }
  }

  /** Reads new log entries of the sources, and their metrics if `withMetrics`. */
  async #collect(withMetrics: boolean): Promise<void> {
    for (const source of this.#options.telemetrySources()) {
      // For a new source this queries the table, which may fail: its metrics are read all the same.
      await this.#attempt(() => this.#readLog(source))
      if (withMetrics) await this.#attempt(async () => this.#buffer('metrics', await this.#metricRows(source)))
    }
  }

  async #readLog({ process, instance, lines }: TelemetrySource): Promise<void> {
    if (lines.length === 0) return
    const last = this.#lastIds.get(instance) ?? (await this.#lastStored(instance))
    const fresh = lines.filter(({ id }) => id > last)
    // Entries that the source dropped before they were read.
    this.dropped += (fresh[0]?.id ?? last + 1) - last - 1
    this.#lastIds.set(instance, fresh.at(-1)?.id ?? last)
    const rows = fresh.map(({ id, atMs, level, station, event, text, fields }) => ({
      at: timeText(atMs),
      process,
      instance,
      id,
      level,
      station,
      event,
      text,
      fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)])),
    }))
    this.#buffer('events', rows)
  }

  async #lastStored(instance: string): Promise<number> {
    const [row] = await this.#options.store.rows<{ last: string }>(
      'SELECT max(id) AS last FROM events WHERE instance = {instance:String} AND at > now64(3) - INTERVAL 2 DAY',
      { instance },
    )
    return Number(row!.last)
  }

  async #metricRows({ process, instance, measure }: TelemetrySource): Promise<Row[]> {
    const measurements = await measure()
    const at = this.#now()
    return measurements.map(({ name, labels, value }) => ({ at, process, instance, name, labels, value }))
  }

  async #sampleUptime(): Promise<void> {
    const sample = await this.#options.uptimeSample()
    if (!sample) return
    const { instance } = this.#options
    this.#buffer('uptime', [{ at: this.#now(), instance, every_ms: UPTIME_EVERY_MS, ...sample }])
  }

  #buffer(table: Table, rows: readonly Row[]): void {
    const buffer = this.#buffers[table]
    buffer.push(...rows)
    const over = buffer.length - BUFFERED_ROWS_MAX
    if (over <= 0) return
    buffer.splice(0, over)
    this.dropped += over
  }

  /** Rows that cannot be written stay buffered; in the worst case some are written twice. */
  async #write(): Promise<void> {
    for (const table of TABLES) {
      // An insert is one part, so it stays within a day.
      for (const day of Map.groupBy(this.#buffers[table], ({ at }) => at.slice(0, 10)).values()) {
        for (let start = 0; start < day.length; start += ROWS_PER_INSERT_MAX) {
          const rows = day.slice(start, start + ROWS_PER_INSERT_MAX)
          await this.#options.store.insertRows(table, rows)
          const written = new Set(rows)
          this.#buffers[table] = this.#buffers[table].filter(row => !written.has(row))
        }
      }
    }
  }

  async #cleanUp(): Promise<void> {
    const { store, clock, keepDays } = this.#options
    for (const table of TABLES) {
      const days = table === 'uptime' ? Math.max(keepDays, UPTIME_DAYS_MIN) : keepDays
      const before = new Date(clock.nowMicros() / 1000 - days * MS_PER_DAY).toISOString().slice(0, 10)
      const [row] = await store.rows<{ old: string }>(`SELECT count() AS old FROM ${table} WHERE at < {before:Date}`, {
        before,
      })
      if (Number(row!.old) > 0) await store.deleteRows(table, `at < {before:Date}`, { before })
    }
  }

  /** A failure must not end the process; it is reported, at most once a minute. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#emit('diagnostics_failed', { why: (error as Error).message })
    }
  }

  #now(): string {
    return timeText(this.#options.clock.nowMicros() / 1000)
  }
}

/** To the middle of the next ten seconds: a timer that fires slightly early does not cause two rows. */
function untilNextMiddleMs(nowMs: number): number {
  return UPTIME_EVERY_MS - (nowMs % UPTIME_EVERY_MS) + UPTIME_EVERY_MS / 2
}

/** A time in the format of the tables: `2026-11-22 13:30:00.123`, UTC. */
function timeText(ms: number): string {
  return new Date(ms).toISOString().slice(0, -1).replace('T', ' ')
}
