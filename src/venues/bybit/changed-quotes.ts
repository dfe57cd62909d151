import type { Amendment } from '../../tick/amendments/amendments.ts'
import type { Liquidation } from '../../tick/derivatives/liquidations.ts'
import type { Mark } from '../../tick/derivatives/marks.ts'
import type { Decoded } from '../../tick/named/columns.ts'
import type { QuoteDraft } from '../../tick/quotes/quotes.ts'
import type { Refusal } from '../../tick/refusal.ts'
import type { TradeDraft } from '../../tick/trades.ts'
import type { Control, Sink } from '../venue.ts'

/** The number of the last update of each symbol of a socket. */
export type LastUpdates = Map<string, number | bigint>

/**
 * Passes on everything but a quote that came before: after 3 s without a change the last one comes again, with the same `u`.
 * That is no new quote, but a sign that the symbol is still subscribed.
 */
export class ChangedQuotes implements Sink {
  readonly #lastUpdates: LastUpdates
  #out: Sink | undefined

  constructor(lastUpdates: LastUpdates) {
    this.#lastUpdates = lastUpdates
  }

  /** The sink of the next frame. */
  to(out: Sink): this {
    this.#out = out
    return this
  }

  quote(quote: QuoteDraft): void {
    const { symbol, sequence } = quote
    if (this.#lastUpdates.get(symbol) === sequence) this.#out!.control({ kind: 'heartbeat', symbol, channel: 'quotes' })
    else {
      this.#lastUpdates.set(symbol, sequence)
      this.#out!.quote(quote)
    }
  }
  trade(trade: TradeDraft): void {
    this.#out!.trade(trade)
  }
  amendment(amendment: Amendment): void {
    this.#out!.amendment?.(amendment)
  }
  mark(mark: Decoded<Mark>): void {
    this.#out!.mark?.(mark)
  }
  liquidation(liquidation: Decoded<Liquidation>): void {
    this.#out!.liquidation?.(liquidation)
  }
  refuse(reason: Refusal, detail: string, raw?: string | Uint8Array): void {
    this.#out!.refuse(reason, detail, raw)
  }
  control(control: Control): void {
    this.#out!.control(control)
  }
  ignore(): void {
    this.#out!.ignore()
  }
  imprecise(): void {
    this.#out!.imprecise()
  }
}
