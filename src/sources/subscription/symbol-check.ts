/**
 * Compares the recorded symbols with the venue's own list, without delaying recording: reports an unknown symbol with
 * the nearest spelling, and switches to the venue's spelling. Repeated daily, since symbols are delisted.
 */
import { setTimeout as sleep, setImmediate as yieldToSockets } from 'node:timers/promises'
import { nearest } from '../../nearest.ts'
import type { Emit } from '../../telemetry/events.ts'
import { type Instrument, TRADING } from '../../venues/instruments.ts'
import type { Venue } from '../../venues/venue.ts'
import { Backoff } from '../connection/backoff.ts'
import type { Timings } from '../connection/timings.ts'
import { type Match, matchSymbols } from './match-symbols.ts'
import { ListRefused, readInstruments } from './read-instruments.ts'

export interface SymbolCheckOptions {
  venue: Venue
  /** The venue's REST address, or a configured one, without a trailing slash. */
  rest: string
  /** The currently recorded ones. */
  symbols(): readonly string[]
  timings: Timings
  emit: Emit
  /** Called after each successful check, with the result for each symbol. */
  onListed(matches: readonly Match[]): void
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
      const { signal } = this.#stop
      const listed = await readInstruments(venue, rest, { signal, timeoutMs: timings.symbolListMsMax })
      const matches = matchSymbols(requested, listed)
      signal.throwIfAborted()
      onListed(matches)
      for (const match of matches) await this.#report(match, listed)
      backoff.reset()
      return timings.symbolListEveryMs
    } catch (error) {
      this.#stop.signal.throwIfAborted()
      if (this.#isFirst('unchecked')) emit('symbols_unchecked', { venue: venue.name, why: reasonOf(error) })
      return Math.max(backoff.next(), error instanceof ListRefused ? (error.waitMs ?? 0) : 0)
    }
  }

  async #report({ requested, instrument }: Match, listed: readonly Instrument[]): Promise<void> {
    const { venue, emit } = this.#options
    if (!this.#isFirst(`${requested} ${instrument?.symbol} ${instrument?.status}`)) return
    if (instrument === undefined) {
      // Comparing with thousands of symbols takes long: data waiting in sockets goes first.
      await yieldToSockets(undefined, { signal: this.#stop.signal })
      const names = listed.map(each => each.symbol)
      emit('symbol_unknown', { venue: venue.name, symbol: requested, nearest: nearest(requested, names) })
    } else {
      const { symbol, status } = instrument
      if (symbol !== requested) emit('symbol_respelled', { venue: venue.name, given: requested, symbol })
      if (status !== TRADING) emit('symbol_resting', { venue: venue.name, symbol, state: status })
    }
  }

  #isFirst(what: string): boolean {
    if (this.#reported.has(what)) return false
    this.#reported.add(what)
    return true
  }
}

/** The reason of a failed `fetch` is in its cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : message
}
