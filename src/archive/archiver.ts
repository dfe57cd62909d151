/**
 * The archiving station: round after round it archives what is closed, archives anew what has moved since, and lets go of what
 * the configuration says. A failure stops nothing but itself and is tried again; a crash leaves either nothing called archived,
 * or something verified.
 */
import type { Clock } from '../clock.ts'
import { checkRoom } from '../disk.ts'
import type { TickhouseError } from '../errors.ts'
import type { Log } from '../log/log.ts'
import type { LogRetention } from '../log/retention.ts'
import { filesOf, type StoreFiles } from '../store/embedded/files.ts'
import type { Store } from '../store/store.ts'
import type { Emit } from '../telemetry/events.ts'
import type { ArchivedObject, ArchiveMetrics } from './archive.ts'
import { ArchiveCatalog } from './catalog/catalog.ts'
import { claimArchive } from './catalog/claim.ts'
import { movedSegments } from './catalog/moved.ts'
import { dateOf, MANIFESTS, parseKey } from './keys.ts'
import { DAILY_KINDS } from './kinds.ts'
import { dropDays, type Keeping, type RetentionContext, trimLog } from './retention.ts'
import { nextSegment, type SegmentContext } from './segments.ts'
import { archiveDay, archiveSegment } from './steps.ts'
import type { ArchiveTarget } from './targets/target.ts'
import type { Writing } from './write.ts'

/** A slice is closed once an hour: looking more often finds nothing sooner. */
const ROUND_MS = 10_000
const RETRY_MS_MIN = 1_000
const RETRY_MS_MAX = 60_000
/** How often it is asked what may leave. */
const RETENTION_MS = 10 * 60_000
/** Rows of a small table may be written a little after their day is over. */
const DAY_GRACE_MS = 10 * 60_000

/** No object is on its way for so long. */
const UPLOAD_MS_MAX = 6 * 3_600_000
const PROCESS_STARTED_MS = Date.now() - process.uptime() * 1000

type Claimed = Pick<Writing, 'owner' | 'strays'>

export interface ArchiverOptions {
  store: Store
  log: Log & LogRetention
  target: ArchiveTarget
  slicing: SegmentContext
  keep: Keeping
  /** Archiving stops below so many free bytes of the disk that it writes to. */
  diskFreeBytesMin: number
  emit: Emit
  clock: Clock
}

export class Archiver {
  readonly figures: ArchiveMetrics
  readonly #options: ArchiverOptions
  readonly #catalog: ArchiveCatalog
  readonly #files: StoreFiles
  readonly #stop = new AbortController()
  /** When an open slice can be closed at the earliest, by partition, ms since 1970 UTC: before that nobody need ask. */
  readonly #openUntilMs = new Map<number, number>()
  readonly #trimsAsked = new Map<number, number>()
  #claimed: Claimed | undefined
  #retainedMs = 0
  #failures = 0
  #running: Promise<void> | undefined

  constructor(options: ArchiverOptions) {
    this.#options = options
    const { address } = options.target
    this.figures = { address, objects: 0, rows: 0, bytes: 0, behindMs: 0, archivedBelow: new Map(), failure: null }
    this.#catalog = new ArchiveCatalog(options.store, options.target.address)
    this.#files = filesOf(options.store)
  }

  start(): void {
    this.#running = this.#run()
  }

  /** Ends after the object in hand. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
    await this.#files.close()
    await this.#options.target.close()
  }

  async #run(): Promise<void> {
    const { clock, emit, target } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      let waitMs = ROUND_MS
      try {
        await this.round()
        if (this.figures.failure) emit('archive_recovered', { address: target.address })
        this.figures.failure = null
        this.#failures = 0
      } catch (error) {
        waitMs = Math.min(RETRY_MS_MIN * 2 ** this.#failures++, RETRY_MS_MAX)
        this.#failed(error, waitMs)
      }
      await clock.sleep(waitMs, signal).catch(() => {})
    }
  }

  /** Nothing is written, removed or dropped before it is known that the archive is this log's. */
  async #open(): Promise<Claimed> {
    const { emit, target } = this.#options
    const owner = await claimArchive(this.#options)
    const reached = await this.#catalog.reached()
    const strays: string[] = []
    for await (const { key } of target.list(MANIFESTS)) {
      const named = parseKey(key)
      if (!named || named.daily) continue
      if (named.slice.lastOffset >= (reached.get(named.slice.partition)?.next ?? 0)) strays.push(key)
    }
    const uploads = await target.cleanUp(Math.min(PROCESS_STARTED_MS, Date.now() - UPLOAD_MS_MAX))
    if (uploads > 0) emit('uploads_aborted', { address: target.address, uploads })
    await this.#count()
    emit('archive_opened', { address: target.address, objects: this.figures.objects, rows: this.figures.rows })
    return { owner, strays }
  }

  /** Does all that can be done now. One partition's failure does not hold up the others; the first one is thrown at the end. */
  async round(): Promise<void> {
    const { store, keep } = this.#options
    this.#claimed ??= await this.#open()
    const failures: unknown[] = []
    const attempt = (work: () => Promise<void>) => work().catch(error => void failures.push(error))
    const nowMs = this.#nowMs()
    for (const before of await movedSegments(store, this.#catalog)) {
      if (this.#stop.signal.aborted) return
      await attempt(() => this.#again(before))
    }
    const behind: number[] = []
    for (let partition = 0; partition < this.#options.log.partitions; partition++)
      await attempt(() => this.#partition(partition, behind))
    this.figures.behindMs = Math.max(0, ...behind)
    await attempt(() => this.#days(nowMs))
    if (!this.#stop.signal.aborted && nowMs >= this.#retainedMs + RETENTION_MS) {
      this.#retainedMs = nowMs
      const house: RetentionContext = { ...this.#options, catalog: this.#catalog }
      const { logHours, storeDays } = keep
      if (logHours !== undefined) await attempt(() => trimLog(house, logHours, nowMs, this.#trimsAsked))
      if (storeDays !== undefined) await attempt(() => dropDays(house, storeDays, nowMs))
    }
    if (failures.length > 0) throw failures[0]
  }

  /** Archives the closed slices of a partition. */
  async #partition(partition: number, behind: number[]): Promise<void> {
    const { store, log, slicing, emit } = this.#options
    while (!this.#stop.signal.aborted && (this.#openUntilMs.get(partition) ?? 0) <= this.#nowMs()) {
      const nowMs = this.#nowMs()
      const reached = (await this.#catalog.reached()).get(partition)
      if (reached) this.figures.archivedBelow.set(partition, reached.next)
      const found = await nextSegment({ store, log, partition, reached, slicing, nowMs })
      if (!found) return
      const { slice, closed } = found
      if (!closed) {
        this.#openUntilMs.set(partition, slice.endMs)
        return
      }
      behind.push(nowMs - slice.endMs)
      const startedMs = performance.now()
      this.#room()
      const objects = await archiveSegment(this.#writing, this.#catalog, slice)
      behind.pop()
      this.#add(objects)
      emit('slice_archived', {
        partition,
        first: slice.firstOffset,
        last: slice.lastOffset,
        rows: sum(objects, 'rows'),
        bytes: sum(objects, 'bytes'),
        tookMs: Math.round(performance.now() - startedMs),
      })
    }
  }

  async #again(before: readonly ArchivedObject[]): Promise<void> {
    const { slice } = before[0]!
    this.#room()
    await archiveSegment(this.#writing, this.#catalog, slice, before)
    await this.#count()
    const { partition, firstOffset: first, lastOffset: last } = slice
    this.#options.emit('slice_archived_anew', { partition, first, last })
  }

  /** Archives the days of the small tables that are over. */
  async #days(nowMs: number): Promise<void> {
    const { store, emit } = this.#options
    const today = dateOf(nowMs - DAY_GRACE_MS)
    for (const kind of DAILY_KINDS) {
      const done = await this.#catalog.objects(`kind = '${kind.table}'`)
      // What a clock that was ahead called over may have gone on: it is archived again when it is.
      const lastDone = done.findLast(({ slice, verifiedAtMs }) => slice.endMs <= nowMs && verifiedAtMs <= nowMs)
      const after = lastDone ? dateOf(lastDone.slice.startMs) : '1970-01-01'
      const days = await store.rows<{ day: string }>(
        `SELECT DISTINCT toDate(${kind.time}) AS day FROM ${kind.table} WHERE day > {after:Date} AND day < {today:Date} ORDER BY day`,
        { after, today },
      )
      for (const { day } of days) {
        if (this.#stop.signal.aborted) return
        this.#room()
        const object = await archiveDay(
          this.#writing,
          this.#catalog,
          kind,
          Date.parse(day),
          done.find(({ slice }) => slice.startMs === Date.parse(day)),
        )
        this.#add([object])
        emit('day_archived', { kind: kind.table, day, rows: object.rows })
      }
    }
  }

  get #writing() {
    const { store, target } = this.#options
    return { store, files: this.#files, target, ...this.#claimed! }
  }

  #room(): void {
    checkRoom(this.#options.target.spool, this.#options.diskFreeBytesMin, 'archived')
  }

  #nowMs(): number {
    return this.#options.clock.nowMicros() / 1000
  }

  async #count(): Promise<void> {
    Object.assign(this.figures, { objects: 0, rows: 0, bytes: 0 })
    this.#add(await this.#catalog.objects())
  }

  #add(objects: readonly ArchivedObject[]): void {
    this.figures.objects += objects.filter(({ key }) => key !== '').length
    this.figures.rows += sum(objects, 'rows')
    this.figures.bytes += sum(objects, 'bytes')
  }

  #failed(error: unknown, waitMs: number): void {
    const { message: why, advice = 'The rest of the house goes on' } = error as TickhouseError
    this.figures.failure = { atMs: this.#nowMs(), why, advice }
    this.#options.emit('archive_failed', { why, advice, waitMs })
  }
}

function sum(objects: readonly ArchivedObject[], figure: 'rows' | 'bytes'): number {
  return objects.reduce((total, object) => total + object[figure], 0)
}
