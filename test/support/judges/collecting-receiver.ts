import type { Receiver } from '../../../src/sources/receiver.ts'
import type { Amendment } from '../../../src/tick/amendments/amendments.ts'
import type { Liquidation } from '../../../src/tick/derivatives/liquidations.ts'
import type { Mark } from '../../../src/tick/derivatives/marks.ts'
import type { Quote, QuoteDraft } from '../../../src/tick/quotes/quotes.ts'
import type { Refusal } from '../../../src/tick/refusal.ts'
import type { Trade, TradeDraft } from '../../../src/tick/trades.ts'

/** Keeps every tick and refusal, and lets a test wait for a number of them. */
export class CollectingReceiver implements Receiver {
  readonly trades: Trade[] = []
  readonly quotes: Quote[] = []
  readonly refusals: { venue: string; reason: Refusal; detail: string; raw: string }[] = []
  readonly amendments: Amendment[] = []
  readonly marks: Mark[] = []
  readonly liquidations: Liquidation[] = []
  readonly losses: { venue: string; symbol: string; first: number; last: number }[] = []
  readonly #waiting: { done: () => boolean; resolve: () => void }[] = []

  trade(trade: TradeDraft): void {
    this.trades.push({ ...trade })
    this.#wake()
  }

  quote(quote: QuoteDraft): void {
    this.quotes.push({ ...quote })
    this.#wake()
  }

  amendment(amendment: Amendment): void {
    this.amendments.push(amendment)
    this.#wake()
  }

  mark(mark: Mark): void {
    this.marks.push(mark)
    this.#wake()
  }

  liquidation(liquidation: Liquidation): void {
    this.liquidations.push(liquidation)
    this.#wake()
  }

  refuse(venue: string, reason: Refusal, detail: string, raw: string | Uint8Array): void {
    this.refusals.push({ venue, reason, detail, raw: Buffer.from(raw as Uint8Array).toString() })
    this.#wake()
  }

  missed(venue: string, symbol: string, first: number, last: number): void {
    this.losses.push({ venue, symbol, first, last })
  }

  /** Resolves when that many trades and refusals came since the start. */
  until(trades: number, refusals = 0): Promise<void> {
    const done = () => this.trades.length >= trades && this.refusals.length >= refusals
    return new Promise(resolve => {
      this.#waiting.push({ done, resolve })
      this.#wake()
    })
  }

  get ids(): number[] {
    return this.trades.map(({ tradeId }) => Number(tradeId))
  }

  #wake(): void {
    for (let index = this.#waiting.length - 1; index >= 0; index--) {
      if (this.#waiting[index]!.done()) this.#waiting.splice(index, 1)[0]!.resolve()
    }
  }
}
