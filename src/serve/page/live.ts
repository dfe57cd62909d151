/**
 * Pushes stored trades and the status to every open page: one event stream each, aggregated to what a screen can show.
 */
import type { ServerResponse } from 'node:http'
import type { IngestStatus } from '../../status/ingest-status.ts'
import type { StatusReport } from '../../status/report.ts'
import type { Store } from '../../store/store.ts'
import type { Emit } from '../../telemetry/events.ts'
import type { Journal } from '../../telemetry/journal.ts'
import { readMicros } from '../../tick/time.ts'
import type { TradeColumns } from '../../tick/trades.ts'
import type { Follower } from './follower.ts'
import { MergedLog } from './merged-log.ts'
import { INTERVALS, type Interval, type Messages, type Sample, type SymbolStatus } from './protocol.ts'
import { View } from './view.ts'
import type { WatchReports } from './watch-routes.ts'
import { SPARK_MAX, type SymbolSummary, type Watchlist } from './watchlist.ts'

/** The shortest interval between two pushes of stored trades. */
const UPDATE_EVERY_MS = 100
const STATUS_EVERY_MS = 500
const SAMPLE_EVERY_MS = 1_000
const SPARK_EVERY_MS = 10_000
/** Five minutes of samples, for pages that open later. */
const SAMPLES_MAX = 300
/** The most log text in the first message, so that a page opens fast whatever the entries contain. */
const HELLO_LOG_LENGTH_MAX = 500_000
/** A page with more unread bytes misses pushes until it has read them; its next view is sent whole. */
const UNREAD_BYTES_MAX = 1_000_000

interface Page {
  response: ServerResponse
  view: View | undefined
  loading: boolean
  /** The last log entry sent. */
  logId: number
  /** The version of the watch reports that were sent last. */
  watchVersion: number
}

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
  readonly #pages = new Set<Page>()
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
  #sparkAtMs = Number.NEGATIVE_INFINITY

  constructor(options: LiveOptions) {
    this.#options = options
    this.#log = new MergedLog(options)
  }

  start(): void {
    this.#timers.push(
      setInterval(() => this.#pushSoon(), UPDATE_EVERY_MS),
      setInterval(() => void this.#pushStatus(), STATUS_EVERY_MS),
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
      const timeOf = (row: number) => readMicros(trades.timestampWords, row)
      const { length } = trades
      if (length > 0) report.stored([timeOf(0), timeOf(length >> 1), timeOf(length - 1)])
    } catch (error) {
      emit('page_failed', { why: String(error) })
    }
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
    const page: Page = { response, view: undefined, loading: false, logId: this.#log.lastId, watchVersion: -1 }
    this.#pages.add(page)
    response.on('close', () => this.#pages.delete(page))
    const shown = shownVenue && shownSymbol ? { venue: shownVenue, symbol: shownSymbol, interval } : null
    send(page, 'hello', {
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
    send(page, 'symbols', { reset: true, symbols: [...watchlist.all].map(summary => this.#status(summary, true)) })
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
  async #load(page: Page): Promise<void> {
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
      const bars = await view.load(store, summary ? summary.lastMicros / 1000 : Date.now(), offsets)
      send(page, 'bars', { bars })
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
      if (!page.view || page.loading || page.response.writableLength > UNREAD_BYTES_MAX) continue
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
      const symbols = this.#changedSymbols()
      const sample = this.#sample(status)
      for (const page of this.#pages) {
        if (page.response.writableLength > UNREAD_BYTES_MAX) continue
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

  #sendWatchReports(page: Page): void {
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

  #changedSymbols(): SymbolStatus[] {
    const withSpark = performance.now() - this.#sparkAtMs > SPARK_EVERY_MS
    if (withSpark) this.#sparkAtMs = performance.now()
    const changed: SymbolStatus[] = []
    for (const summary of this.#options.watchlist.all) {
      // A symbol that went quiet is sent until its rate is 0.
      if (!summary.changed && summary.rate.perSecond() === 0 && !withSpark) continue
      summary.changed = false
      changed.push(this.#status(summary, withSpark))
    }
    return changed
  }

  #status(summary: SymbolSummary, withSpark: boolean): SymbolStatus {
    const status = summary.status(this.#options.ingest.gapsOf(summary.venue, summary.symbol))
    return withSpark ? { ...status, spark: summary.spark } : status
  }
}

function send<Name extends keyof Messages>(page: Page, name: Name, message: Messages[Name]): void {
  if (!page.response.writableEnded) page.response.write(`event: ${name}\ndata: ${JSON.stringify(message)}\n\n`)
}
