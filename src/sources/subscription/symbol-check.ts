/**
 * Holds the symbols that are recorded against the venue's own list, beside recording and never in its way: a wrong one is named
 * with the nearest spelling, and the venue's spelling is used from then on. Again once a day, since symbols are delisted.
 */
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { nearest } from '../../nearest.ts'
import type { Emit } from '../../telemetry/events.ts'
import { compareWithList, type ListedSymbol, type Listing } from '../../venues/listed-symbols.ts'
import { parseRetryAfter } from '../../venues/retry-after.ts'
import type { Venue } from '../../venues/venue.ts'
import { VERSION } from '../../version.ts'
import { Backoff } from '../connection/backoff.ts'
import type { Timings } from '../connection/timings.ts'

/** Binance's whole list is some 10 MB. */
const LIST_BYTES_MAX = 64 * 2 ** 20

export interface SymbolCheckOptions {
  venue: Venue
  /** The venue's REST address, or the one configured instead, without a trailing slash. */
  rest: string
  /** Those recorded at the moment. */
  symbols(): readonly string[]
  timings: Timings
  emit: Emit
  /** Called each time the list was had, with what it says of each symbol. */
  onListed(listings: readonly Listing[]): void
}

export class SymbolCheck {
  readonly #options: SymbolCheckOptions
  readonly #stop = new AbortController()
  readonly #running: Promise<void>
  readonly #told = new Set<string>()

  /** Begins to ask. */
  constructor(options: SymbolCheckOptions) {
    this.#options = options
    this.#running = this.#run().catch(error => {
      if (!this.#stop.signal.aborted) throw error
    })
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { timings } = this.#options
    const { signal } = this.#stop
    const backoff = new Backoff(timings.symbolListRetryMs / 2, timings.symbolListRetryMs, timings.symbolListEveryMs)
    while (true) {
      const waitMs = await this.#check(backoff)
      // Nothing that keeps a process running.
      await sleep(waitMs, undefined, { signal, ref: false })
    }
  }

  /** Returns how long to wait for the next time, ms. */
  async #check(backoff: Backoff): Promise<number> {
    const { venue, rest, symbols, timings, emit, onListed } = this.#options
    const asked = symbols()
    try {
      const listed = await this.#list(`${rest}${venue.symbolList.path}`)
      const listings = compareWithList(asked, listed)
      this.#stop.signal.throwIfAborted()
      onListed(listings)
      for (const listing of listings) await this.#tell(listing, listed)
      backoff.reset()
      return timings.symbolListEveryMs
    } catch (error) {
      this.#stop.signal.throwIfAborted()
      if (this.#isNews('unchecked')) emit('symbols_unchecked', { venue: venue.name, why: whyOf(error) })
      return Math.max(backoff.next(), error instanceof ListRefused ? (error.waitMs ?? 0) : 0)
    }
  }

  async #list(url: string): Promise<readonly ListedSymbol[]> {
    const { venue, timings } = this.#options
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(timings.symbolListMsMax)])
    // Coinbase answers nobody who does not say who asks.
    const response = await fetch(url, { signal, headers: { 'User-Agent': `tickhouse/${VERSION}` } })
    if (!response.ok) {
      await response.body?.cancel()
      const { headers } = response
      const waitMs = parseRetryAfter(
        headers.get('retry-after') ?? undefined,
        Date.now(),
        headers.get('date') ?? undefined,
      )
      throw new ListRefused(response.status, waitMs)
    }
    const pieces: Uint8Array[] = []
    let bytes = 0
    for await (const piece of response.body ?? []) {
      pieces.push(piece)
      bytes += piece.length
      if (bytes > LIST_BYTES_MAX) throw new Error(`the answer is longer than ${LIST_BYTES_MAX} bytes`)
    }
    const listed = venue.symbolList.read(JSON.parse(Buffer.concat(pieces).toString()))
    // A list without a symbol would call all of them wrong.
    if (!listed || listed.length === 0) throw new Error('the answer is no list of symbols')
    return listed
  }

  async #tell({ asked, symbol, resting }: Listing, listed: readonly ListedSymbol[]): Promise<void> {
    const { venue, emit } = this.#options
    if (!this.#isNews(`${asked} ${symbol} ${resting}`)) return
    if (symbol === undefined) {
      // Thousands of words to compare with: what a socket has for us goes first.
      await turn(undefined, { signal: this.#stop.signal })
      const names = listed.map(each => each.symbol)
      emit('symbol_unknown', { venue: venue.name, symbol: asked, nearest: nearest(asked, names) })
    } else {
      if (symbol !== asked) emit('symbol_respelled', { venue: venue.name, given: asked, symbol })
      if (resting !== '') emit('symbol_resting', { venue: venue.name, symbol, state: resting })
    }
  }

  #isNews(what: string): boolean {
    if (this.#told.has(what)) return false
    this.#told.add(what)
    return true
  }
}

class ListRefused extends Error {
  readonly waitMs: number | undefined

  constructor(status: number, waitMs: number | undefined) {
    super(`HTTP status ${status}`)
    this.waitMs = waitMs
  }
}

/** `fetch` hides the reason in the cause. */
function whyOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : message
}
