/**
 * Pushes stored trades and the status to every open page: one event stream each, aggregated to what a screen can show.
 */
import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { IngestStatus } from '../../status/ingest-status.ts'
import type { StatusReport } from '../../status/report.ts'
import type { Store } from '../../store/store.ts'
import type { Emit } from '../../telemetry/events.ts'
import type { Journal } from '../../telemetry/journal.ts'
import type { QuoteColumns } from '../../tick/quotes/quotes.ts'
import { readMicros } from '../../tick/time.ts'
import type { TradeColumns } from '../../tick/trades.ts'
import type { Follower } from './market/follower.ts'
import { liveRows } from './market/live-rows.ts'
import { SymbolPushes, VisibleSymbols } from './market/symbol-pushes.ts'
import { SPARK_MAX } from './market/symbol-summary.ts'
import { View } from './market/view.ts'
import type { Watchlist } from './market/watchlist.ts'
import { MergedLog } from './merged-log.ts'
import { eventText, hasRoom, type PageStream, send, sendText } from './page-stream.ts'
import { INTERVALS, type Interval, type Messages, type Sample } from './protocol.ts'
import type { WatchReports } from './watch-routes.ts'

/** The shortest interval between two pushes of stored trades. */
const UPDATE_EVERY_MS = 100
const STATUS_EVERY_MS = 500
const VISIBLE_EVERY_MS = 250
const CHANGES_EVERY_MS = 2_000
const SAMPLE_EVERY_MS = 1_000
/** Five minutes of samples, for pages that open later. */
const SAMPLES_MAX = 300
/** The most log text in the first message, so that a page opens fast whatever the entries contain. */
const HELLO_LOG_LENGTH_MAX = 500_000

export interface LiveOptions {
  version: string
  store: Store
  ingest: IngestStatus
  follower: Follower
  report: StatusReport
  watchlist: Watchlist
  journal: Journal
  emit: Emit
  watchReports: WatchReports
}

export class Live {
  readonly #options: LiveOptions
  readonly #pages = new Set<PageStream>()
  readonly #samples: Sample[] = []
  readonly #log: MergedLog
  readonly #timers: NodeJS.Timeout[] = []
  readonly #startedAtMs = Date.now()
  #reporting = false
  #closed = false
  #updatedMs = Number.NEGATIVE_INFINITY
  #nextUpdate: NodeJS.Timeout | undefined
  /** The partitions this process stores. */
  #ownPartitions = ''
  readonly #symbols: SymbolPushes

  constructor(options: LiveOptions) {
    this.#options = options
    this.#log = new MergedLog(options)
    this.#symbols = new SymbolPushes(options.watchlist, (venue, symbol) => options.ingest.gapsOf(venue, symbol))
  }

  start(): void {
    this.#timers.push(
      setInterval(() => this.#pushSoon(), UPDATE_EVERY_MS),
      setInterval(() => void this.#pushStatus(), STATUS_EVERY_MS),
      setInterval(() => this.#pushVisible(), VISIBLE_EVERY_MS),
      setInterval(() => this.#pushChanges(), CHANGES_EVERY_MS),
    )
  }

  /** Takes trades that were just stored; only lent for the call. */
  take(trades: TradeColumns): void {
    const { watchlist, report, emit } = this.#options
    // A failure to show trades must not stop storing them.
    try {
      watchlist.take(trades)
      for (const { view } of this.#pages) view?.take(trades)
      this.#pushSoon()
      const live = liveRows(trades)
      if (live) report.stored(live.map(row => readMicros(trades.timestampWords, row)) as [number, number, number])
    } catch (error) {
      emit('page_failed', { why: String(error) })
    }
  }

  /** Takes quotes that were just stored; only lent for the call. `countOf`: see `Watchlist.takeQuotes`. */
  takeQuotes(quotes: QuoteColumns, countOf?: Uint32Array): void {
    if (quotes.length === 0) return
    const { watchlist, emit } = this.#options
    try {
      watchlist.takeQuotes(quotes, countOf)
      for (const { view } of this.#pages) view?.takeQuotes(quotes)
      this.#pushSoon()
    } catch (error) {
      emit('page_failed', { why: String(error) })
    }
  }

  /** Which symbols the page of a stream has in sight. False if there is no such stream. */
  show(stream: string, indexes: readonly number[]): boolean {
    for (const page of this.#pages) {
      if (page.id !== stream) continue
      page.visible.choose(indexes)
      this.#pushVisibleTo(page)
      return true
    }
    return false
  }

  /** Opens the stream of a page. Default symbol: the busiest; default interval: one that fits its history. */
  async open(
    response: ServerResponse,
    venue: string | undefined,
    symbol: string | undefined,
    chosen: Interval | undefined,
  ): Promise<void> {
    const { watchlist, version, store, report } = this.#options
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    const busiest = [...watchlist.all].sort((a, b) => b.rate.perSecond() - a.rate.perSecond() || b.trades - a.trades)[0]
    const [shownVenue, shownSymbol] = [venue ?? busiest?.venue, symbol ?? busiest?.symbol]
    // A symbol recorded for a few minutes has too few longer candles.
    const short = (watchlist.find(shownVenue ?? '', shownSymbol ?? '')?.spark.length ?? 0) < SPARK_MAX
    const interval = chosen ?? (short ? '1s' : '10s')
    const page: PageStream = {
      ...{ id: randomUUID(), response, visible: new VisibleSymbols(this.#symbols) },
      ...{ view: undefined, loading: false, logId: this.#log.lastId, watchVersion: -1 },
    }
    this.#pages.add(page)
    response.on('close', () => this.#pages.delete(page))
    const shown = shownVenue && shownSymbol ? { venue: shownVenue, symbol: shownSymbol, interval } : null
    send(page, 'hello', {
      stream: page.id,
      version,
      engine: `ClickHouse ${store.version}`,
      startedAtMs: this.#startedAtMs,
      simulated: report.recorders().find(({ status }) => status.simulated)?.status.simulated ?? null,
      view: shown,
      samples: this.#samples,
      lines: this.#log.newest(HELLO_LOG_LENGTH_MAX),
      nowMs: Date.now(),
    })
    this.#sendWatchReports(page)
    send(page, 'symbols', { reset: true, symbols: this.#symbols.all() })
    this.#pushVisibleTo(page)
    if (!shown) return
    page.view = new View(shown.venue, shown.symbol, INTERVALS[interval])
    await this.#load(page)
  }

  /** Ends all streams. Later failures are not reported: log and store may be closed. */
  close(): void {
    this.#closed = true
    for (const timer of this.#timers) clearInterval(timer)
    clearTimeout(this.#nextUpdate)
    for (const { response } of this.#pages) response.end()
  }

  /** Sends the history of a view. The view is opened and the offsets are read in one turn, before the query. */
  async #load(page: PageStream): Promise<void> {
    const { view } = page
    if (!view || page.loading) return
    const { watchlist, follower, store } = this.#options
    // Offsets separate stored trades from those still to be pushed; they must be known for every partition.
    const offsets = follower.offsets()
    view.stale = offsets === undefined
    if (offsets === undefined) return
    const summary = watchlist.find(view.venue, view.symbol)
    page.loading = true
    try {
      view.reset()
      send(page, 'bars', await view.load(store, summary?.lastMicros ? summary.lastMicros / 1000 : Date.now(), offsets))
      send(page, 'prints', { prints: summary ? [...summary.prints].reverse() : [] })
    } catch (error) {
      this.#reportFailure(error as Error)
    } finally {
      page.loading = false
    }
  }

  /** In a later turn, so that storing does not wait for pages. */
  #pushSoon(): void {
    this.#nextUpdate ??= setTimeout(
      () => {
        this.#nextUpdate = undefined
        this.#pushUpdates()
      },
      Math.max(0, this.#updatedMs + UPDATE_EVERY_MS - performance.now()),
    )
  }

  #pushUpdates(): void {
    this.#checkPartitions()
    for (const page of this.#pages) {
      if (!page.view || page.loading || !hasRoom(page)) continue
      const update = page.view.stale ? undefined : page.view.flush()
      if (update) {
        send(page, 'update', update)
        this.#updatedMs = performance.now()
      }
      if (page.view.stale) void this.#load(page)
    }
  }

  /** A partition that this process won or lost may have been pushed in part: the views load their history again. */
  #checkPartitions(): void {
    const partitions = this.#options.ingest.own.map(({ partition }) => partition).join()
    if (partitions === this.#ownPartitions) return
    this.#ownPartitions = partitions
    for (const { view } of this.#pages) if (view) view.stale = true
  }

  async #pushStatus(): Promise<void> {
    if (this.#reporting) return
    this.#reporting = true
    try {
      const status = await this.#options.report.report()
      this.#log.gather()
      const symbols = this.#symbols.fresh()
      const sample = this.#sample(status)
      for (const page of this.#pages) {
        if (!hasRoom(page)) continue
        send(page, 'stations', status)
        this.#sendWatchReports(page)
        if (symbols.length > 0) send(page, 'symbols', { reset: false, symbols })
        if (sample) send(page, 'sample', sample)
        const entries = this.#log.after(page.logId)
        if (entries.length > 0) send(page, 'lines', entries)
        page.logId = this.#log.lastId
      }
    } catch (error) {
      this.#reportFailure(error as Error)
    } finally {
      this.#reporting = false
    }
  }

  #reportFailure({ message }: Error): void {
    if (!this.#closed) this.#options.emit('page_failed', { why: message })
  }

  #sendWatchReports(page: PageStream): void {
    const { watchReports } = this.#options
    const reports = watchReports.current(Date.now())
    if (page.watchVersion === watchReports.version) return
    page.watchVersion = watchReports.version
    send(page, 'watch', reports)
  }

  #sample(status: Messages['stations']): Sample | undefined {
    const last = this.#samples.at(-1)
    if (last && status.atMs - last.atMs < SAMPLE_EVERY_MS - 50) return undefined
    const sample: Sample = {
      atMs: status.atMs,
      received: status.sources.ticksPerSecond,
      stored: status.ingest.ticksPerSecond,
      refused: status.ingest.refusedPerSecond,
      lagMs: status.ingest.lagMs,
      logBytes: status.log.sizeBytes,
      storeBytes: status.store.sizeBytes,
    }
    this.#samples.push(sample)
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift()
    return sample
  }

  #pushVisible(): void {
    for (const page of this.#pages) this.#pushVisibleTo(page)
  }

  #pushVisibleTo(page: PageStream): void {
    if (!hasRoom(page)) return
    const changes = page.visible.changes()
    if (changes.length > 0) send(page, 'changes', changes)
    const sparks = page.visible.sparks()
    if (sparks.length > 0) send(page, 'sparks', sparks)
  }

  #pushChanges(): void {
    if (this.#pages.size === 0) return
    const changes = this.#symbols.changes()
    if (changes.length === 0) return
    const text = eventText('changes', changes)
    for (const page of this.#pages) if (hasRoom(page)) sendText(page, text)
  }
}
