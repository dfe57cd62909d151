import type { Amendment } from '../tick/amendments/amendments.ts'
import type { Liquidation } from '../tick/derivatives/liquidations.ts'
import type { Mark } from '../tick/derivatives/marks.ts'
import { QUOTE_FLAG, QuoteDraft } from '../tick/quotes/quotes.ts'
import type { Refusal } from '../tick/refusal.ts'
import type { TradeDraft } from '../tick/trades.ts'
import type { Receiver } from './receiver.ts'

/** The last quote of a symbol in this interval. */
interface Pending {
  readonly quote: QuoteDraft
  waiting: boolean
  replaced: boolean
}

/**
 * Passes on only the last quote of each symbol per interval; one that replaced others is flagged `conflated`. Everything
 * else passes unchanged. Off unless configured: a quote dropped here is in no log.
 */
export class ConflatedQuotes implements Receiver {
  /** Quotes dropped since start. */
  dropped = 0
  readonly #receiver: Receiver
  readonly #everyMs: number
  readonly #pending = new Map<string, Map<string, Pending>>()
  #timer: NodeJS.Timeout | undefined

  constructor(receiver: Receiver, everyMs: number) {
    this.#receiver = receiver
    this.#everyMs = everyMs
  }

  quote(quote: QuoteDraft): void {
    const pending = this.#of(quote.venue, quote.symbol)
    if (pending.waiting) {
      pending.replaced = true
      this.dropped++
    }
    pending.waiting = true
    Object.assign(pending.quote, quote)
    this.#timer ??= setTimeout(() => this.flush(), this.#everyMs)
  }

  trade(trade: TradeDraft): void {
    this.#receiver.trade(trade)
  }

  amendment(amendment: Amendment): void {
    this.#receiver.amendment(amendment)
  }

  mark(mark: Mark): void {
    this.#receiver.mark(mark)
  }

  liquidation(liquidation: Liquidation): void {
    this.#receiver.liquidation(liquidation)
  }

  refuse(venue: string, reason: Refusal, detail: string, raw: string | Uint8Array, receivedAtMicros: number): void {
    this.#receiver.refuse(venue, reason, detail, raw, receivedAtMicros)
  }

  missed(venue: string, symbol: string, first: number, last: number, atMicros: number): void {
    this.#receiver.missed(venue, symbol, first, last, atMicros)
  }

  /** Passes on the waiting quotes; to be called when no more arrive. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const symbols of this.#pending.values()) {
      for (const pending of symbols.values()) {
        if (!pending.waiting) continue
        if (pending.replaced) pending.quote.flags |= QUOTE_FLAG.conflated
        pending.waiting = false
        pending.replaced = false
        this.#receiver.quote(pending.quote)
      }
    }
  }

  #of(venue: string, symbol: string): Pending {
    const symbols = this.#pending.get(venue) ?? new Map<string, Pending>()
    const known = symbols.get(symbol)
    if (known) return known
    const pending = { quote: new QuoteDraft(), waiting: false, replaced: false }
    this.#pending.set(venue, symbols.set(symbol, pending))
    return pending
  }
}
