/** The page of a store: for a process that stores, and for one that shows the data that others store. */
import type { FastifyInstance } from 'fastify'
import type { Ingest } from '../../ingest/ingest.ts'
import type { Reprocessor } from '../../ingest/reprocess/reprocess.ts'
import { type ReportOptions, StatusReport } from '../../status/report.ts'
import type { Journal } from '../../telemetry/journal.ts'
import { throttleEvents } from '../../telemetry/throttle.ts'
import { QUOTES, TRADES } from '../../tick/kinds.ts'
import { VERSION } from '../../version.ts'
import type { HttpSettings } from '../http/access.ts'
import { RefusedRequests } from '../http/refused-requests.ts'
import { type ServerOptions, serve } from '../http/server.ts'
import { Live } from './live.ts'
import { Follower } from './market/follower.ts'
import { Watchlist } from './market/watchlist.ts'
import { WatchReports } from './watch-routes.ts'

export interface PageOptions extends ReportOptions {
  journal: Journal
}

export class Page {
  readonly report: StatusReport
  readonly #options: PageOptions
  readonly #watchlist = new Watchlist()
  readonly watchReports = new WatchReports()
  readonly refusedRequests = new RefusedRequests()
  readonly #follower: Follower
  readonly #live: Live
  #server: FastifyInstance | undefined

  constructor(options: PageOptions) {
    const { log, store, ingest, journal } = options
    this.#options = options
    this.report = new StatusReport(options)
    const emit = throttleEvents(journal.emit)
    this.#follower = new Follower({
      ...{ store, log, ingest, emit },
      take: trades => this.#live.take(trades),
      takeQuotes: (quotes, counts) => this.#live.takeQuotes(quotes, counts),
    })
    this.#live = new Live({
      version: VERSION,
      store,
      ingest,
      follower: this.#follower,
      report: this.report,
      watchlist: this.#watchlist,
      journal,
      emit,
      watchReports: this.watchReports,
    })
  }

  /** The offset below which records are stored, by partition: see Follower. */
  offsets(): ReadonlyMap<number, number> | undefined {
    return this.#follower.storedOffsets()
  }

  /** Shows the trades and quotes that this process stores, as it stores them. */
  follow(ingest: Ingest): void {
    ingest.onStored = batch => {
      this.#live.take(batch.of(TRADES).ticks)
      this.#live.takeQuotes(batch.of(QUOTES).ticks)
    }
  }

  /** Loads the symbols of the store and listens. Throws errors of the store, and those of `serve`. */
  async listen(
    settings: HttpSettings,
    health: ServerOptions['health'],
    storing: (Pick<ServerOptions, 'runExclusive' | 'reading'> & { reprocessor: Reprocessor }) | null,
  ): Promise<FastifyInstance> {
    const { log, store, journal } = this.#options
    await this.#watchlist.load(store)
    this.#server = await serve({
      settings,
      log,
      store,
      live: this.#live,
      offsets: () => this.offsets(),
      runExclusive: storing?.runExclusive ?? (work => work()),
      reading: storing?.reading ?? null,
      reprocessor: storing?.reprocessor ?? null,
      watchReports: this.watchReports,
      health,
      refusedRequests: this.refusedRequests,
      emit: journal.emit,
    })
    return this.#server
  }

  start(): void {
    this.#live.start()
    this.#follower.start()
  }

  async close(): Promise<void> {
    this.#follower.close()
    this.#live.close()
    await this.#server?.close()
  }
}
