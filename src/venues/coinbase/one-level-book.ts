/** A product's `level2_batch` messages of which each makes the next quote the top of the book. */
import type { QuoteColumns } from '../../tick/quotes/quotes.ts'
import { decimalText } from '../format-decimal.ts'

/** The time of a snapshot, which has none. */
const NO_TIME = '0001-01-01T00:00:00.000000Z'

export class OneLevelBook {
  readonly #product: string
  /** Bid, its size, ask, its size, as sent last. */
  #sent: readonly [string, string, string, string] | undefined

  constructor(product: string) {
    this.#product = JSON.stringify(product)
  }

  /**
   * The message after which row `row` is the top; undefined if it is already. First, and for a quote without a time, which
   * came from a snapshot, a snapshot; else an update that removes the levels before.
   */
  frameOf(quotes: QuoteColumns, row: number, time: string | undefined): string | undefined {
    const next = [
      decimalText(quotes.bidPrice[row]!),
      decimalText(quotes.bidSize[row]!),
      decimalText(quotes.askPrice[row]!),
      decimalText(quotes.askSize[row]!),
    ] as const
    const before = this.#sent
    const [bid, bidSize, ask, askSize] = next
    if (before?.join() === next.join()) return undefined
    this.#sent = next
    const of = `"product_id":${this.#product}`
    if (before === undefined || time === undefined)
      return `{"type":"snapshot",${of},"bids":[["${bid}","${bidSize}"]],"asks":[["${ask}","${askSize}"]],"time":"${time ?? NO_TIME}"}`
    const [bidBefore, , askBefore] = before
    const changes = [
      ...(bidBefore === bid ? [] : [`["buy","${bidBefore}","0"]`]),
      ...(askBefore === ask ? [] : [`["sell","${askBefore}","0"]`]),
      `["buy","${bid}","${bidSize}"]`,
      `["sell","${ask}","${askSize}"]`,
    ]
    return `{"type":"l2update",${of},"changes":[${changes.join()}],"time":"${time}"}`
  }
}
