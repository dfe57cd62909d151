import type { Refusal } from '../tick/refusal.ts'
import type { TradeDraft } from '../tick/trades.ts'

/** Where decoded ticks go. Called synchronously, in the order of arrival on each connection. */
export interface Receiver {
  /** A draft that the next trade overwrites: copy what must last. */
  trade(trade: TradeDraft): void
  /** `raw` is the frame's text, or that of the one item in it that is wrong. */
  refuse(venue: string, reason: Refusal, detail: string, raw: string | Uint8Array, receivedAtMicros: number): void
  /** Trades of a symbol that the venue announced and that never came: ids in a row. */
  missed(venue: string, symbol: string, first: number, last: number, atMicros: number): void
}
