/** Checks the quotes of one symbol at a time, in rotation: see `quote-check.ts`. Ingest compares (audit/quote-proofs.ts). */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../../log/log.ts'
import type { Emit } from '../../telemetry/events.ts'
import { throttleEvents } from '../../telemetry/throttle.ts'
import { BOOK_TOPS, QUOTES } from '../../tick/kinds.ts'
import type { BookTopColumns } from '../../tick/quotes/book-tops.ts'
import type { DepthFeed } from '../../venues/book/depth.ts'
import type { Venue } from '../../venues/venue.ts'
import { TIMINGS, type Timings } from '../connection/timings.ts'
import type { Subscription } from '../feeds.ts'
import { partitionOf } from '../recording/symbol-buffers.ts'
import { RestHosts, RestRefused } from '../rest/hosts.ts'
import { QuoteCheck } from './quote-check.ts'

/** Wait after a check that failed; the venue may request a longer one. */
const FAILED_WAIT_MS = 30_000
const REPORT_EVERY_MS = 600_000

export interface QuoteChecksOptions {
  log: Pick<Log, 'append' | 'partitionsOf'>
  /** What is recorded now. */
  subscriptions(): readonly Subscription[]
  /** How long each symbol is checked, ms. */
  turnMs: number
  emit: Emit
  /** What all requests of the process share. */
  hosts?: RestHosts
  timings?: Timings
}

type Checked = Subscription & { venue: Venue & { depth: DepthFeed }; rest: string }

export class QuoteChecks {
  readonly #options: QuoteChecksOptions
  readonly #emit: Emit
  readonly #hosts: RestHosts
  readonly #stop = new AbortController()
  readonly #running: Promise<void>
  /** The symbol checked last, to go on with the next one. */
  #last = ''

  /** Starts the rotation. A check that fails affects no recording. */
  constructor(options: QuoteChecksOptions) {
    this.#options = options
    this.#hosts = options.hosts ?? new RestHosts(options)
    this.#emit = throttleEvents(options.emit, REPORT_EVERY_MS)
    this.#running = this.#rotate().catch(error => {
      if (!this.#stop.signal.aborted) throw error
    })
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #rotate(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      const next = this.#next()
      if (!next) await sleep(1_000, undefined, { signal })
      else {
        const failed = await this.#check(next.one, next.symbol)
        if (failed) await sleep(failed.waitMs, undefined, { signal })
      }
    }
  }

  #next(): { one: Checked; symbol: string } | undefined {
    const all = this.#options
      .subscriptions()
      .filter((one): one is Checked => isChecked(one))
      .flatMap(one => one.symbols.map(symbol => ({ one, symbol })))
      .sort((a, b) => keyOf(a).localeCompare(keyOf(b)))
    const next = all.find(each => keyOf(each) > this.#last) ?? all[0]
    if (next) this.#last = keyOf(next)
    return next
  }

  /** Checks a symbol for its turn. Returns why it ended before, and how long to wait. */
  async #check({ venue, ws, rest }: Checked, symbol: string): Promise<{ waitMs: number } | undefined> {
    const { turnMs, timings = TIMINGS } = this.#options
    const ended = Promise.withResolvers<string>()
    let refusedMs = 0
    const check = new QuoteCheck({
      ...{ venue, symbol, ws, timings },
      fetchSnapshot: path =>
        this.#hosts.send(rest, path, { signal: this.#stop.signal, timeoutMs: timings.symbolListMsMax }).then(
          ({ body }) => JSON.parse(body),
          error => {
            if (error instanceof RestRefused) refusedMs = error.waitMs ?? timings.rateLimitedMs
            throw error
          },
        ),
      append: tops => this.#append(venue.name, symbol, tops),
      onEnd: ended.resolve,
    })
    const turn = sleep(turnMs, undefined, { signal: this.#stop.signal }).catch(() => undefined)
    const why = await Promise.race([turn, ended.promise])
    await check.close()
    if (why === undefined || this.#stop.signal.aborted) return undefined
    const waitMs = Math.max(FAILED_WAIT_MS, refusedMs)
    this.#emit('quote_check_failed', { venue: venue.name, symbol, why, waitMs })
    return { waitMs }
  }

  #append(venue: string, symbol: string, tops: BookTopColumns): void {
    const { log } = this.#options
    const { first, count } = log.partitionsOf(BOOK_TOPS.name)
    log
      .append(first + partitionOf(venue, symbol, count), [BOOK_TOPS.encode(tops)])
      // Evidence that is not stored proves nothing; the next tops are compared all the same.
      .catch((error: Error) => this.#emit('quote_check_failed', { venue, symbol, why: error.message, waitMs: 0 }))
  }
}

const keyOf = ({ one, symbol }: { one: Subscription; symbol: string }): string => `${one.venue.name} ${symbol}`

const isChecked = ({ venue, kinds, rest }: Subscription): boolean =>
  venue.depth !== undefined && rest !== undefined && kinds.includes(QUOTES.name)
