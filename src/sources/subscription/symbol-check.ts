/**
 * Reports how the recorded symbols of a venue differ from its list: each unknown one with the nearest that trades, each in
 * another spelling, without trading, or delisted; again only after it has changed.
 */
import { setImmediate as yieldToSockets } from 'node:timers/promises'
import { nearest } from '../../nearest.ts'
import type { Emit } from '../../telemetry/events.ts'
import { type Instrument, TRADING } from '../../venues/instruments.ts'
import type { Match } from './match-symbols.ts'

/** Unknown symbols that are named one by one: a search for each takes its time, and each is a line in the log. */
const UNKNOWN_NAMED_MAX = 20

export class SymbolCheck {
  readonly #venue: string
  readonly #emit: Emit
  /** What was reported last of each symbol. */
  readonly #reported = new Map<string, string>()

  constructor(venue: string, emit: Emit) {
    this.#venue = venue
    this.#emit = emit
  }

  /** `wasListed`: whether the venue's list contained a symbol before. */
  async report(
    matches: readonly Match[],
    listed: readonly Instrument[],
    wasListed: (symbol: string) => boolean,
  ): Promise<void> {
    const venue = this.#venue
    const trading = listed.filter(({ status }) => status === TRADING)
    const names = (trading.length > 0 ? trading : listed).map(({ symbol }) => symbol)
    let unknown = 0
    for (const { requested, instrument } of matches) {
      if (!this.#isNew(requested, `${instrument?.symbol} ${instrument?.status}`)) continue
      if (instrument) this.#reportListed(requested, instrument)
      else if (wasListed(requested)) this.#emit('symbol_delisted', { venue, symbol: requested })
      else if (++unknown <= UNKNOWN_NAMED_MAX) {
        // Comparing with thousands of symbols takes long: data waiting in sockets goes first.
        await yieldToSockets()
        this.#emit('symbol_unknown', { venue, symbol: requested, nearest: nearest(requested, names) })
      }
    }
    if (unknown > UNKNOWN_NAMED_MAX) this.#emit('symbols_unknown', { venue, count: unknown - UNKNOWN_NAMED_MAX })
  }

  #reportListed(requested: string, { symbol, status }: Instrument): void {
    const venue = this.#venue
    if (symbol !== requested) this.#emit('symbol_respelled', { venue, given: requested, symbol })
    if (status !== TRADING) this.#emit('symbol_resting', { venue, symbol, state: status })
  }

  #isNew(symbol: string, what: string): boolean {
    if (this.#reported.get(symbol) === what) return false
    this.#reported.set(symbol, what)
    return true
  }
}
