/**
 * What the house says of itself, into its own tables: figures, events and how the stations stood. It stands beside the ticks, never
 * in their way: it holds no more than its bounds while the store is away, tells how much it left out, and throws nothing.
 */
import { type Clock, MS_PER_DAY } from '../clock.ts'
import type { Store } from '../store/store.ts'
import type { Emit } from '../telemetry/events.ts'
import type { LogLine } from '../telemetry/journal.ts'
import type { Measurement } from '../telemetry/metrics.ts'
import { throttleEvents } from '../telemetry/throttle.ts'

/** A process that has something to say: this one, or a recorder that says it through the log. */
export interface TelemetrySource {
  process: string
  /** See `instanceName`. */
  instance: string
  /** Its last lines, oldest first; ids rise by one. */
  lines: readonly LogLine[]
  measure: () => Promise<readonly Measurement[]>
}

/** How the stations stand: a row of table `uptime`. */
export interface UptimeSample {
  recorded: boolean
  stored: boolean
  sources: string
  log: string
  ingest: string
  store: string
  archive: string
}

export interface DiagnosticsOptions {
  store: Store
  clock: Clock
  emit: Emit
  /** This run, for table `uptime`. */
  instance: string
  /** Whoever has something to say now. */
  speakers: () => readonly TelemetrySource[]
  /** How the stations stand, where this process speaks for all of them. */
  standing: () => Promise<UptimeSample | null>
  /** How long rows stay, in days; those of table `uptime` at least 400. */
  keepDays: number
}

/** Lines are looked at this often: a speaker keeps enough of them for that. */
const LINES_EVERY_MS = 1_000
const WRITE_EVERY_MS = 5_000
const STANDING_EVERY_MS = 10_000
const TIDY_EVERY_MS = 3_600_000
/** Rows held while the store is away: some 20 MB. What is older is left out. */
const ROWS_WAITING_MAX = 50_000
/** Rows become JSON in this process's one turn: so many take some 10 ms, all that may wait would hold up ticks for longer. */
const ROWS_PER_INSERT_MAX = 5_000
/** More than a year of availability: a few MB. */
const UPTIME_DAYS_MIN = 400

type Row = Record<string, unknown> & { at: string }
const TABLES = ['metrics', 'events', 'uptime'] as const
type Table = (typeof TABLES)[number]

export class Diagnostics {
  /** Rows that never reached their table. */
  leftOut = 0
  readonly #options: DiagnosticsOptions
  readonly #waiting: Record<Table, Row[]> = { metrics: [], events: [], uptime: [] }
  /** The last line taken of each instance; asked of the table where another process may have written them before. */
  readonly #lastLine = new Map<string, number>()
  readonly #stop = new AbortController()
  #running: Promise<void> | undefined
  #wroteMs = Number.NEGATIVE_INFINITY
  #tidiedMs = Number.NEGATIVE_INFINITY
  readonly #emit: Emit

  constructor(options: DiagnosticsOptions) {
    this.#options = options
    this.#emit = throttleEvents(options.emit, undefined, () => options.clock.elapsedMs())
  }

  start(): void {
    this.#running = Promise.all([this.#keepTelling(), this.#writeUptime()]).then(() => {})
  }

  /** Writes what waits, once, and ends; nothing if it was not started. */
  async stop(): Promise<void> {
    if (!this.#running) return
    this.#stop.abort()
    await this.#running
    await this.#attempt(async () => {
      await this.#listen(false)
      await this.#write()
    })
  }

  async #keepTelling(): Promise<void> {
    const { clock } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      const nowMs = clock.elapsedMs()
      await this.#attempt(() => this.#round(nowMs))
      await clock.sleep(LINES_EVERY_MS, signal).catch(() => {})
    }
  }

  /**
   * A row in each ten seconds of the day, near their middle, however long writing or a report takes: availability is counted by
   * rows, so one that slips into the next ten seconds would be told as an outage.
   */
  async #writeUptime(): Promise<void> {
    const { clock } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      await this.#attempt(() => this.#stand())
      await clock.sleep(untilNextMiddleMs(clock.nowMicros() / 1000), signal).catch(() => {})
    }
  }

  async #round(nowMs: number): Promise<void> {
    const due = nowMs >= this.#wroteMs + WRITE_EVERY_MS
    await this.#listen(due)
    if (due) {
      this.#wroteMs = nowMs
      await this.#write()
    }
    if (nowMs >= this.#tidiedMs + TIDY_EVERY_MS) {
      this.#tidiedMs = nowMs
      await this.#cleanUp()
    }
  }

  /** Takes the speakers' new lines, and their figures where it is time for them. */
  async #listen(figures: boolean): Promise<void> {
    for (const speaker of this.#options.speakers()) {
      // Of a speaker not heard before, the table is asked for its last line: while it is away, its figures are taken all the same.
      await this.#attempt(() => this.#takeLines(speaker))
      if (figures) await this.#attempt(async () => this.#hold('metrics', await this.#metricRows(speaker)))
    }
  }

  async #takeLines({ process, instance, lines }: TelemetrySource): Promise<void> {
    if (lines.length === 0) return
    const last = this.#lastLine.get(instance) ?? (await this.#lastStored(instance))
    const fresh = lines.filter(({ id }) => id > last)
    // Lines that left the speaker's memory before they were looked at.
    this.leftOut += (fresh[0]?.id ?? last + 1) - last - 1
    this.#lastLine.set(instance, fresh.at(-1)?.id ?? last)
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
    this.#hold('events', rows)
  }

  async #lastStored(instance: string): Promise<number> {
    const [row] = await this.#options.store.rows<{ last: string }>(
      'SELECT max(id) AS last FROM events WHERE instance = {instance:String} AND at > now() - INTERVAL 2 DAY',
      { instance },
    )
    return Number(row!.last)
  }

  async #metricRows({ process, instance, measure }: TelemetrySource): Promise<Row[]> {
    const measurements = await measure()
    const at = this.#now()
    return measurements.map(({ name, labels, value }) => ({ at, process, instance, name, labels, value }))
  }

  async #stand(): Promise<void> {
    const standing = await this.#options.standing()
    if (!standing) return
    const { instance } = this.#options
    this.#hold('uptime', [{ at: this.#now(), instance, every_ms: STANDING_EVERY_MS, ...standing }])
  }

  #hold(table: Table, rows: readonly Row[]): void {
    const waiting = this.#waiting[table]
    waiting.push(...rows)
    const over = waiting.length - ROWS_WAITING_MAX
    if (over <= 0) return
    waiting.splice(0, over)
    this.leftOut += over
  }

  /** What could not be written waits for the next time; at the worst some of it is there twice. */
  async #write(): Promise<void> {
    for (const table of TABLES) {
      // An insert is one part, so it stays within a day.
      for (const day of Map.groupBy(this.#waiting[table], ({ at }) => at.slice(0, 10)).values()) {
        for (let start = 0; start < day.length; start += ROWS_PER_INSERT_MAX) {
          const rows = day.slice(start, start + ROWS_PER_INSERT_MAX)
          await this.#options.store.insertRows(table, rows)
          const written = new Set(rows)
          this.#waiting[table] = this.#waiting[table].filter(row => !written.has(row))
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

  /** Nothing here may end the process; a failure is told, though not at each attempt. */
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

/** To the middle of the ten seconds after these: a timer that comes a little early does not make two rows. */
function untilNextMiddleMs(nowMs: number): number {
  return STANDING_EVERY_MS - (nowMs % STANDING_EVERY_MS) + STANDING_EVERY_MS / 2
}

/** A time as the tables take it: `2026-11-22 13:30:00.123`, UTC. */
function timeText(ms: number): string {
  return new Date(ms).toISOString().slice(0, -1).replace('T', ' ')
}
