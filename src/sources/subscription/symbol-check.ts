/**
 * Compares the recorded symbols with the venue's own list, without delaying recording: reports an unknown symbol with
 * the nearest spelling, and switches to the venue's spelling. Repeated daily, since symbols are delisted.
 */
import { setTimeout as sleep, setImmediate as yieldToSockets } from 'node:timers/promises'
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
  /** The venue's REST address, or a configured one, without a trailing slash. */
  rest: string
  /** The currently recorded ones. */
  symbols(): readonly string[]
  timings: Timings
  emit: Emit
  /** Called after each successful check, with the result for each symbol. */
  onListed(listings: readonly Listing[]): void
}

export class SymbolCheck {
  readonly #options: SymbolCheckOptions
  readonly #stop = new AbortController()
  readonly #running: Promise<void>
  readonly #reported = new Set<string>()

  /** Starts the checks. */
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
      // Must not keep the process running.
      await sleep(waitMs, undefined, { signal, ref: false })
    }
  }

  /** Returns the wait before the next check, ms. */
  async #check(backoff: Backoff): Promise<number> {
    const { venue, rest, symbols, timings, emit, onListed } = this.#options
    const requested = symbols()
    try {
      const listed = await this.#list(`${rest}${venue.symbolList.path}`)
      const listings = compareWithList(requested, listed)
      this.#stop.signal.throwIfAborted()
      onListed(listings)
      for (const listing of listings) await this.#report(listing, listed)
      backoff.reset()
      return timings.symbolListEveryMs
    } catch (error) {
      this.#stop.signal.throwIfAborted()
      if (this.#isFirst('unchecked')) emit('symbols_unchecked', { venue: venue.name, why: reasonOf(error) })
      return Math.max(backoff.next(), error instanceof ListRefused ? (error.waitMs ?? 0) : 0)
    }
  }

  async #list(url: string): Promise<readonly ListedSymbol[]> {
    const { venue, timings } = this.#options
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(timings.symbolListMsMax)])
    const { body } = venue.symbolList
    // Coinbase requires a User-Agent.
    const headers = { 'User-Agent': `tickhouse/${VERSION}`, ...(body && { 'Content-Type': 'application/json' }) }
    const response = await fetch(url, { signal, headers, ...(body && { method: 'POST', body }) })
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
    const chunks: Uint8Array[] = []
    let bytes = 0
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > LIST_BYTES_MAX) throw new Error(`the answer is longer than ${LIST_BYTES_MAX} bytes`)
    }
    const listed = venue.symbolList.read(JSON.parse(Buffer.concat(chunks).toString()))
    // By an empty list, all symbols would be unknown.
    if (!listed || listed.length === 0) throw new Error('the answer is not a list of symbols')
    return listed
  }

  async #report({ requested, symbol, haltState }: Listing, listed: readonly ListedSymbol[]): Promise<void> {
    const { venue, emit } = this.#options
    if (!this.#isFirst(`${requested} ${symbol} ${haltState}`)) return
    if (symbol === undefined) {
      // Comparing with thousands of symbols takes long: data waiting in sockets goes first.
      await yieldToSockets(undefined, { signal: this.#stop.signal })
      const names = listed.map(each => each.symbol)
      emit('symbol_unknown', { venue: venue.name, symbol: requested, nearest: nearest(requested, names) })
    } else {
      if (symbol !== requested) emit('symbol_respelled', { venue: venue.name, given: requested, symbol })
      if (haltState !== '') emit('symbol_resting', { venue: venue.name, symbol, state: haltState })
    }
  }

  #isFirst(what: string): boolean {
    if (this.#reported.has(what)) return false
    this.#reported.add(what)
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

/** The reason of a failed `fetch` is in its cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : message
}
