import type { Amendment } from '../tick/amendments/amendments.ts'
import type { Liquidation } from '../tick/derivatives/liquidations.ts'
import type { Mark } from '../tick/derivatives/marks.ts'
import type { QuoteDraft } from '../tick/quotes/quotes.ts'
import type { Refusal } from '../tick/refusal.ts'
import type { TradeDraft } from '../tick/trades.ts'

/** Takes decoded ticks. Called synchronously, in the order of arrival on each connection. */
export interface Receiver {
  /** A draft that the next trade overwrites: copy what must last. */
  trade(trade: TradeDraft): void
  /** The same of a quote. */
  quote(quote: QuoteDraft): void
  amendment(amendment: Amendment): void
  mark(mark: Mark): void
  liquidation(liquidation: Liquidation): void
  /** `raw` is the frame, or the one item of it that is wrong. */
  refuse(venue: string, reason: Refusal, detail: string, raw: string | Uint8Array, receivedAtMicros: number): void
  /** A range of trade ids that the venue announced and whose trades never arrived. */
  missed(venue: string, symbol: string, first: number, last: number, atMicros: number): void
}
