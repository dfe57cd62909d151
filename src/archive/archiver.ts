/**
 * The archive stage: each round archives closed segments, rewrites stale ones, and applies retention. A failed step is
 * retried and does not block the others. A crash never leaves an unverified object in the catalog.
 */
import { type Clock, MS_PER_HOUR } from '../clock.ts'
import { checkRoom } from '../disk.ts'
import type { TickhouseError } from '../errors.ts'
import type { Log } from '../log/log.ts'
import type { LogRetention } from '../log/retention.ts'
import { filesOf, type StoreFiles } from '../store/embedded/files.ts'
import type { Store } from '../store/store.ts'
import type { Emit } from '../telemetry/events.ts'
import type { ArchivedObject, ArchiveMetrics, Cosigning } from './archive.ts'
import { ArchiveCatalog } from './catalog/catalog.ts'
import { claimArchive } from './catalog/claim.ts'
import { staleSegments } from './catalog/stale.ts'
import { dateOf, MANIFESTS, parseKey } from './keys.ts'
import { DAILY_KINDS } from './kinds.ts'
import { dropDays, type Retention, type RetentionContext, trimLog } from './retention.ts'
import { Sealer, type SealOptions } from './seal/sealer.ts'
import { nextSegment, type SegmentLength } from './segments.ts'
import { archiveDay, archiveSegment } from './steps.ts'
import type { ArchiveTarget } from './targets/target.ts'
import type { WriteContext } from './write.ts'

/** Segments close once an hour, so a shorter interval gains nothing. */
const ROUND_MS = 10_000
const RETRY_MS_MIN = 1_000
const RETRY_MS_MAX = 60_000
/** Interval at which retention is applied. */
const RETENTION_MS = 10 * 60_000
/** Rows of a daily table may arrive this long after the end of their day. */
const DAY_GRACE_MS = 10 * 60_000

/** An incomplete upload older than this was abandoned. */
const UPLOAD_MS_MAX = 6 * MS_PER_HOUR
const PROCESS_STARTED_MS = Date.now() - process.uptime() * 1000

type ArchiveClaim = Pick<WriteContext, 'owner' | 'strays'>

export interface ArchiverOptions {
  store: Store
  log: Log & LogRetention
  target: ArchiveTarget
  segmentLength: SegmentLength
  retention: Retention
  /** Null: nothing is sealed. */
  seal?: SealOptions | null
  /** Archiving pauses while the disk it writes to has fewer free bytes. */
  diskFreeBytesMin: number
  emit: Emit
  clock: Clock
}

export class Archiver {
  readonly metrics: ArchiveMetrics
  readonly #options: ArchiverOptions
  readonly #catalog: ArchiveCatalog
  readonly #files: StoreFiles
  readonly #sealer: Sealer | null
  readonly #stop = new AbortController()
  /** Earliest time at which a partition's open segment can close, ms since 1970 UTC: no query is needed before. */
  readonly #openUntilMs = new Map<number, number>()
  readonly #pendingTrims = new Map<number, number>()
  #claim: ArchiveClaim | undefined
  #lastRetentionMs = 0
  #failures = 0
  #running: Promise<void> | undefined

  constructor(options: ArchiverOptions) {
    this.#options = options
    const { address } = options.target
    this.#catalog = new ArchiveCatalog(options.store, address)
    this.#files = filesOf(options.store)
    this.#sealer = options.seal ? new Sealer({ ...options, ...options.seal, files: this.#files }) : null
    const seal = this.#sealer?.metrics ?? null
    this.metrics = {
      address,
      objects: 0,
      rows: 0,
      bytes: 0,
      behindMs: 0,
      archivedBelow: new Map(),
      seal,
      failure: null,
    }
  }

  /** For witnesses; null if sealing is off. */
  get cosigning(): Cosigning | null {
    return this.#sealer?.cosigning ?? null
  }

  start(): void {
    this.#running = this.#run()
  }

  /** Resolves once the object being written is finished. */
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
        if (this.metrics.failure) emit('archive_recovered', { address: target.address })
        this.metrics.failure = null
        this.#failures = 0
      } catch (error) {
        waitMs = Math.min(RETRY_MS_MIN * 2 ** this.#failures++, RETRY_MS_MAX)
        this.#failed(error, waitMs)
      }
      await clock.sleep(waitMs, signal).catch(() => {})
    }
  }

  /** Claims the archive: until it is known to belong to this log, nothing is written, removed or dropped. */
  async #claimArchive(): Promise<ArchiveClaim> {
    const { emit, target } = this.#options
    const owner = await claimArchive(this.#options)
    const nextOffsets = await this.#catalog.nextOffsets()
    const strays: string[] = []
    for await (const { key } of target.list(MANIFESTS)) {
      const parsedKey = parseKey(key)
      if (!parsedKey || parsedKey.daily) continue
      if (parsedKey.segment.lastOffset >= (nextOffsets.get(parsedKey.segment.partition) ?? 0)) strays.push(key)
    }
    const uploads = await target.cleanUp(Math.min(PROCESS_STARTED_MS, Date.now() - UPLOAD_MS_MAX))
    if (uploads > 0) emit('uploads_aborted', { address: target.address, uploads })
    await this.#recount()
    emit('archive_opened', { address: target.address, objects: this.metrics.objects, rows: this.metrics.rows })
    return { owner, strays }
  }

  /**
   * Archives all closed segments and days. A failure in one partition does not block the others; the first is thrown at
   * the end.
   */
  async round(): Promise<void> {
    const { store, retention } = this.#options
    this.#claim ??= await this.#claimArchive()
    const failures: unknown[] = []
    const attempt = (work: () => Promise<void>) => work().catch(error => void failures.push(error))
    const nowMs = this.#nowMs()
    for (const before of await staleSegments(store, this.#catalog)) {
      if (this.#stop.signal.aborted) return
      await attempt(() => this.#rewrite(before))
    }
    const behind: number[] = []
    for (let partition = 0; partition < this.#options.log.partitions; partition++)
      await attempt(() => this.#archivePartition(partition, behind))
    this.metrics.behindMs = Math.max(0, ...behind)
    await attempt(() => this.#archiveDays(nowMs))
    await attempt(() => this.#seal())
    if (!this.#stop.signal.aborted && nowMs >= this.#lastRetentionMs + RETENTION_MS) {
      this.#lastRetentionMs = nowMs
      const context: RetentionContext = { ...this.#options, catalog: this.#catalog }
      const { logHours } = retention
      if (logHours !== undefined) await attempt(() => trimLog(context, logHours, nowMs, this.#pendingTrims))
      await attempt(() => dropDays(context, retention, nowMs))
    }
    if (failures.length > 0) throw failures[0]
  }

  /** Archives the closed segments of a partition. */
  async #archivePartition(partition: number, behind: number[]): Promise<void> {
    const { store, log, segmentLength, emit } = this.#options
    while (!this.#stop.signal.aborted && (this.#openUntilMs.get(partition) ?? 0) <= this.#nowMs()) {
      const nowMs = this.#nowMs()
      const nextOffset = (await this.#catalog.nextOffsets()).get(partition)
      if (nextOffset !== undefined) this.metrics.archivedBelow.set(partition, nextOffset)
      const found = await nextSegment({ store, log, partition, nextOffset: nextOffset ?? 0, segmentLength, nowMs })
      if (!found) return
      const { segment, closed } = found
      if (!closed) {
        this.#openUntilMs.set(partition, segment.endMs)
        return
      }
      behind.push(nowMs - segment.endMs)
      const startedMs = performance.now()
      this.#requireRoom()
      const objects = await archiveSegment(this.#writeContext, this.#catalog, segment)
      behind.pop()
      this.#add(objects)
      emit('slice_archived', {
        partition,
        first: segment.firstOffset,
        last: segment.lastOffset,
        rows: sum(objects, 'rows'),
        bytes: sum(objects, 'bytes'),
        tookMs: Math.round(performance.now() - startedMs),
      })
    }
  }

  /** Archives a stale segment again. */
  async #rewrite(before: readonly ArchivedObject[]): Promise<void> {
    const { segment } = before[0]!
    this.#requireRoom()
    await archiveSegment(this.#writeContext, this.#catalog, segment, before)
    await this.#recount()
    const { partition, firstOffset: first, lastOffset: last } = segment
    this.#options.emit('slice_archived_anew', { partition, first, last })
  }

  /** Archives the completed days of the daily tables. */
  async #archiveDays(nowMs: number): Promise<void> {
    const { store, emit } = this.#options
    const today = dateOf(nowMs - DAY_GRACE_MS)
    for (const kind of DAILY_KINDS) {
      const done = await this.#catalog.objects(`kind = '${kind.table}'`)
      // A day archived while the clock was ahead was not over: it is archived again.
      const lastDone = done.findLast(({ segment, verifiedAtMs }) => segment.endMs <= nowMs && verifiedAtMs <= nowMs)
      const after = lastDone ? dateOf(lastDone.segment.startMs) : '1970-01-01'
      const days = await store.rows<{ day: string }>(
        `SELECT DISTINCT toDate(${kind.time}) AS day FROM ${kind.table} WHERE day > {after:Date} AND day < {today:Date} ORDER BY day`,
        { after, today },
      )
      for (const { day } of days) {
        if (this.#stop.signal.aborted) return
        this.#requireRoom()
        const object = await archiveDay(
          this.#writeContext,
          this.#catalog,
          kind,
          Date.parse(day),
          done.find(({ segment }) => segment.startMs === Date.parse(day)),
        )
        this.#add([object])
        emit('day_archived', { kind: kind.table, day, rows: object.rows })
      }
    }
  }

  /** Seals what was archived, now or before. */
  async #seal(): Promise<void> {
    if (this.#sealer) await this.#sealer.seal(this.#claim!.owner, await this.#catalog.objects(), this.#stop.signal)
  }

  get #writeContext() {
    const { store, target } = this.#options
    return { store, files: this.#files, target, ...this.#claim! }
  }

  #requireRoom(): void {
    checkRoom(this.#options.target.spool, this.#options.diskFreeBytesMin, 'archived')
  }

  #nowMs(): number {
    return this.#options.clock.nowMicros() / 1000
  }

  async #recount(): Promise<void> {
    Object.assign(this.metrics, { objects: 0, rows: 0, bytes: 0 })
    this.#add(await this.#catalog.objects())
  }

  #add(objects: readonly ArchivedObject[]): void {
    this.metrics.objects += objects.filter(({ key }) => key !== '').length
    this.metrics.rows += sum(objects, 'rows')
    this.metrics.bytes += sum(objects, 'bytes')
  }

  #failed(error: unknown, waitMs: number): void {
    const { message: why, advice = 'The other stages continue' } = error as TickhouseError
    this.metrics.failure = { atMs: this.#nowMs(), why, advice }
    this.#options.emit('archive_failed', { why, advice, waitMs })
  }
}

function sum(objects: readonly ArchivedObject[], field: 'rows' | 'bytes'): number {
  return objects.reduce((total, object) => total + object[field], 0)
}
