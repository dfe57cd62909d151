/** Pushes what is stored to every open page: one event stream each, aggregated to what a screen can show. */
import type { ServerResponse } from 'node:http'
import type { IngestStatus } from '../../status/ingest-status.ts'
import type { StatusReport } from '../../status/report.ts'
import type { Store } from '../../store/store.ts'
import type { Emit } from '../../telemetry/events.ts'
import type { Journal } from '../../telemetry/journal.ts'
import { readMicros } from '../../tick/time.ts'
import type { TradeColumns } from '../../tick/trades.ts'
import type { Follower } from './follower.ts'
import { INTERVALS, type Interval, type LogLine, type Messages, type Sample, type SymbolStatus } from './protocol.ts'
import { View } from './view.ts'
import type { WatchReports } from './watch-routes.ts'
import { SPARK_MAX, type SymbolSummary, type Watchlist } from './watchlist.ts'

/** What is stored is pushed at once, but not more often than this. */
const UPDATE_EVERY_MS = 100
const STATIONS_EVERY_MS = 500
const SAMPLE_EVERY_MS = 1_000
const SPARK_EVERY_MS = 10_000
/** Five minutes of history, kept for pages that open later. */
const SAMPLES_MAX = 300
const LINES_MAX = 500
/** So much of their text is in what a new page is sent, so that it opens at once whatever they hold. */
const HELLO_LINES_LENGTH_MAX = 500_000
/** A page that does not read this many bytes misses pushes until it does; it is told everything anew by its next view. */
const UNREAD_BYTES_MAX = 1_000_000

interface Page {
  response: ServerResponse
  view: View | undefined
  loading: boolean
  lineId: number
  /** Of what watchers say, as this page was told it. */
  watchVersion: number
}

export interface LiveOptions {
  version: string
  store: Store
  ingest: IngestStatus
  follower: Follower
  report: StatusReport
  books: Watchlist
  journal: Journal
  /** Told that a page could not be told the latest. */
  emit: Emit
  watchReports: WatchReports
}

export class Live {
  readonly #options: LiveOptions
  readonly #pages = new Set<Page>()
  readonly #samples: Sample[] = []
  readonly #lines: LogLine[] = []
  readonly #timers: NodeJS.Timeout[] = []
  readonly #startedAtMs = Date.now()
  #nextLineId = 1
  #ownLineId = 0
  /** By recorder: its run, and its last line taken. */
  readonly #recorderLines = new Map<string, { run: number; id: number }>()
  #reporting = false
  #closed = false
  #updatedMs = Number.NEGATIVE_INFINITY
  #nextUpdate: NodeJS.Timeout | undefined
  #ours = ''
  #sparkAtMs = Number.NEGATIVE_INFINITY

  constructor(options: LiveOptions) {
    this.#options = options
  }

  start(): void {
    this.#timers.push(
      setInterval(() => this.#pushSoon(), UPDATE_EVERY_MS),
      setInterval(() => void this.#pushStatus(), STATIONS_EVERY_MS),
    )
  }

  /** Takes trades that were just stored. */
  take(trades: TradeColumns): void {
    const { books, report, emit } = this.#options
    // What is shown must never stop what is stored.
    try {
      books.take(trades)
      for (const { view } of this.#pages) view?.take(trades)
      this.#pushSoon()
      const timeOf = (row: number) => readMicros(trades.timestampWords, row)
      const { length } = trades
      if (length > 0) report.stored([timeOf(0), timeOf(length >> 1), timeOf(length - 1)])
    } catch (error) {
      emit('page_failed', { why: String(error) })
    }
  }

  /** Opens a page's stream. Without venue and symbol it shows the busiest, without an interval one that fits its history. */
  async open(
    response: ServerResponse,
    venue: string | undefined,
    symbol: string | undefined,
    chosen: Interval | undefined,
  ): Promise<void> {
    const { books, version, store, report } = this.#options
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    const busiest = [...books.all].sort((a, b) => b.rate.perSecond() - a.rate.perSecond() || b.trades - a.trades)[0]
    const [shownVenue, shownSymbol] = [venue ?? busiest?.venue, symbol ?? busiest?.symbol]
    // A market seen for minutes has too few of any longer candles.
    const short = (books.find(shownVenue ?? '', shownSymbol ?? '')?.spark.length ?? 0) < SPARK_MAX
    const interval = chosen ?? (short ? '1s' : '10s')
    const page: Page = { response, view: undefined, loading: false, lineId: this.#nextLineId - 1, watchVersion: -1 }
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
      lines: lastWithin(this.#lines, HELLO_LINES_LENGTH_MAX),
      nowMs: Date.now(),
    })
    this.#tellWatch(page)
    send(page, 'symbols', { reset: true, symbols: [...books.all].map(book => this.#status(book, true)) })
    if (!shown) return
    page.view = new View(shown.venue, shown.symbol, INTERVALS[interval])
    await this.#load(page)
  }

  /** Ends all streams. Nothing is told any more: what is under way may find log and store closed. */
  close(): void {
    this.#closed = true
    for (const timer of this.#timers) clearInterval(timer)
    clearTimeout(this.#nextUpdate)
    for (const { response } of this.#pages) response.end()
  }

  /** Sends a view's history. Opening the view and reading the offset happen in one turn, before the question is asked. */
  async #load(page: Page): Promise<void> {
    const { view } = page
    if (!view || page.loading) return
    const { books, follower, store } = this.#options
    // Until it is known of every partition where the tables end, no offset parts what is stored from what will be told.
    const places = follower.places()
    view.stale = places === undefined
    if (places === undefined) return
    const book = books.find(view.venue, view.symbol)
    page.loading = true
    try {
      view.reset()
      const bars = await view.load(store, book ? book.lastMicros / 1000 : Date.now(), places)
      send(page, 'bars', { bars })
      send(page, 'prints', { prints: book ? [...book.prints].reverse() : [] })
    } catch (error) {
      this.#tellFailed(error as Error)
    } finally {
      page.loading = false
    }
  }

  /** Not within the turn of whoever stored: pages wait for the ticks, never the other way round. */
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
    this.#noticeHandOver()
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

  /** A partition that changed hands may have been told of in part: the views ask for their history again. */
  #noticeHandOver(): void {
    const ours = this.#options.ingest.own.map(({ partition }) => partition).join()
    if (ours === this.#ours) return
    this.#ours = ours
    for (const { view } of this.#pages) if (view) view.stale = true
  }

  async #pushStatus(): Promise<void> {
    if (this.#reporting) return
    this.#reporting = true
    try {
      const stations = await this.#options.report.report()
      this.#gatherLines()
      const symbols = this.#changedSymbols()
      const sample = this.#sample(stations)
      for (const page of this.#pages) {
        if (page.response.writableLength > UNREAD_BYTES_MAX) continue
        send(page, 'stations', stations)
        this.#tellWatch(page)
        if (symbols.length > 0) send(page, 'symbols', { reset: false, symbols })
        if (sample) send(page, 'sample', sample)
        const lines = this.#lines.filter(line => line.id > page.lineId)
        if (lines.length > 0) send(page, 'lines', lines)
        page.lineId = this.#nextLineId - 1
      }
    } catch (error) {
      this.#tellFailed(error as Error)
    } finally {
      this.#reporting = false
    }
  }

  #tellFailed({ message }: Error): void {
    if (!this.#closed) this.#options.emit('page_failed', { why: message })
  }

  #tellWatch(page: Page): void {
    const { watchReports } = this.#options
    const reports = watchReports.current(Date.now())
    if (page.watchVersion === watchReports.version) return
    page.watchVersion = watchReports.version
    send(page, 'watch', reports)
  }

  #sample(stations: Messages['stations']): Sample | undefined {
    const last = this.#samples.at(-1)
    if (last && stations.atMs - last.atMs < SAMPLE_EVERY_MS - 50) return undefined
    const sample: Sample = {
      atMs: stations.atMs,
      received: stations.sources.ticksPerSecond,
      stored: stations.ingest.ticksPerSecond,
      refused: stations.ingest.refusedPerSecond,
      lagMs: stations.ingest.lagMs,
      logBytes: stations.log.sizeBytes,
      storeBytes: stations.store.sizeBytes,
    }
    this.#samples.push(sample)
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift()
    return sample
  }

  #changedSymbols(): SymbolStatus[] {
    const withSpark = performance.now() - this.#sparkAtMs > SPARK_EVERY_MS
    if (withSpark) this.#sparkAtMs = performance.now()
    const changed: SymbolStatus[] = []
    for (const book of this.#options.books.all) {
      // A symbol that went quiet is sent until its rate has fallen to zero.
      if (!book.changed && book.rate.perSecond() === 0 && !withSpark) continue
      book.changed = false
      changed.push(this.#status(book, withSpark))
    }
    return changed
  }

  #status(book: SymbolSummary, withSpark: boolean): SymbolStatus {
    const status = book.status(this.#options.ingest.gapsOf(book.venue, book.symbol))
    return withSpark ? { ...status, spark: book.spark } : status
  }

  /** Joins the lines of this process, of the recorders and of those who store elsewhere into one sequence. */
  #gatherLines(): void {
    const own = this.#options.journal.since(this.#ownLineId)
    this.#ownLineId = own.at(-1)?.id ?? this.#ownLineId
    const theirs = this.#options.report.recorders().flatMap(({ key, status }) => {
      const seen = this.#recorderLines.get(key)
      const seenId = seen?.run === status.startedAtMs ? seen.id : 0
      this.#recorderLines.set(key, { run: status.startedAtMs, id: status.lines.at(-1)?.id ?? seenId })
      return status.lines.filter(line => line.id > seenId)
    })
    for (const line of [...own, ...theirs, ...this.#options.ingest.newLogLines()].sort((a, b) => a.atMs - b.atMs))
      this.#lines.push({ ...line, id: this.#nextLineId++ })
    this.#lines.splice(0, Math.max(0, this.#lines.length - LINES_MAX))
  }
}

function send<Name extends keyof Messages>(page: Page, name: Name, message: Messages[Name]): void {
  if (!page.response.writableEnded) page.response.write(`event: ${name}\ndata: ${JSON.stringify(message)}\n\n`)
}

/** The last lines, as many as hold no more text than that. */
function lastWithin(lines: readonly LogLine[], lengthMax: number): LogLine[] {
  let length = 0
  const first = lines.findLastIndex(line => {
    length += JSON.stringify(line).length
    return length > lengthMax
  })
  return lines.slice(first + 1)
}
