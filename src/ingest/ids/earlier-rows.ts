/** The valid rows of a record by id, to find repeats within it. Built on first use: few records need it. Pure. */
import type { TradeColumns } from '../../tick/trades.ts'
import type { Validity } from '../../tick/validate.ts'
import { type ComparedTrade, comparedTradeOf } from './recent-trades.ts'

export class EarlierRows {
  readonly #trades: TradeColumns
  readonly #codes: Validity
  #rows: Map<string, number[]> | undefined

  constructor(trades: TradeColumns, codes: Validity) {
    this.#trades = trades
    this.#codes = codes
  }

  /** Earlier rows with the same id. */
  with(row: number): ComparedTrade[] {
    this.#rows ??= Map.groupBy(
      Array.from({ length: this.#trades.length }, (_, at) => at),
      at => this.#key(at),
    )
    const alike = this.#rows.get(this.#key(row)) ?? []
    return alike.filter(at => at < row && this.#codes[at] === 0).map(at => comparedTradeOf(this.#trades, at))
  }

  #key(row: number): string {
    const { venue, symbol, tradeId } = this.#trades
    return `${venue[row]} ${symbol[row]} ${tradeId[row]}`
  }
}
