/**
 * The last trades of one symbol whose ids rise by one, one per id modulo the size. A trade is overwritten by one of the same slot: what is not
 * here is looked up in the tables. Adding a trade writes one slot and reads none, unlike RecentTrades, which suits ids of any order. Pure.
 */
import type { TradeColumns } from '../../tick/trades.ts'
import { type ComparedTrade, comparedTradeOf, MATCH, type Match, matchOf } from './recent-trades.ts'

const SLOTS_MIN = 64
/** A slot in 32-bit words: id and time, low word first; price and volume as doubles; side; padding. */
const SLOT_WORDS = 10
const SIDE_WORD = 8
/** Added to a stored side: a word of 0 is an empty slot. */
const SIDE_OFFSET = 256

export class IdWindow {
  #slotsMax: number
  #words = new Uint32Array(SLOTS_MIN * SLOT_WORDS)
  /** The same memory. */
  #doubles = new Float64Array(this.#words.buffer)
  #mask = SLOTS_MIN - 1
  /** Trades added since the last growth. */
  #added = 0

  /** `slotsMax` is a power of two. */
  constructor(slotsMax: number) {
    this.#slotsMax = slotsMax
  }

  /** Grows immediately, to a power of two of at least so many trades: those that are added from now on stay for so long. */
  widen(trades: number): void {
    while (this.#slotsMax < trades) this.#slotsMax *= 2
    if (this.#mask + 1 < this.#slotsMax) this.#grow(this.#slotsMax)
  }

  add(trades: TradeColumns, row: number): void {
    if (this.#added > this.#mask && this.#mask < this.#slotsMax - 1) this.#grow(2 * (this.#mask + 1))
    this.#added++
    this.#set(trades, row)
  }

  /** Adds a trade that was added before, unless its slot is taken. In the order of the last ones first. */
  recall(trades: TradeColumns, row: number): void {
    const slot = trades.tradeIdWords[2 * row]! & this.#mask
    if (this.#words[slot * SLOT_WORDS + SIDE_WORD] === 0) this.#set(trades, row)
  }

  #set(trades: TradeColumns, row: number): void {
    const { tradeIdWords, timestampWords } = trades
    const words = this.#words
    const low = tradeIdWords[2 * row]!
    const at = (low & this.#mask) * SLOT_WORDS
    words[at] = low
    words[at + 1] = tradeIdWords[2 * row + 1]!
    words[at + 2] = timestampWords[2 * row]!
    words[at + 3] = timestampWords[2 * row + 1]!
    const doubles = this.#doubles
    doubles[at / 2 + 2] = trades.price[row]!
    doubles[at / 2 + 3] = trades.volume[row]!
    words[at + SIDE_WORD] = trades.side[row]! + SIDE_OFFSET
  }

  /** Whether the trade of this row is here, with equal values: what `match` calls the same. Allocates nothing. */
  has(trades: TradeColumns, row: number): boolean {
    const words = this.#words
    const low = trades.tradeIdWords[2 * row]!
    const at = (low & this.#mask) * SLOT_WORDS
    return (
      words[at] === low &&
      words[at + 1] === trades.tradeIdWords[2 * row + 1]! &&
      words[at + 2] === trades.timestampWords[2 * row]! &&
      words[at + 3] === trades.timestampWords[2 * row + 1]! &&
      words[at + SIDE_WORD] === trades.side[row]! + SIDE_OFFSET &&
      this.#doubles[at / 2 + 2] === trades.price[row]! &&
      this.#doubles[at / 2 + 3] === trades.volume[row]!
    )
  }

  /** How the trade here with the id of this row compares with it. */
  match(trades: TradeColumns, row: number): Match {
    const [known] = this.knownTrades(trades, row)
    return known ? matchOf(known, comparedTradeOf(trades, row)) : MATCH.none
  }

  /** The trade here with the id of this row, if any. */
  knownTrades(trades: TradeColumns, row: number): ComparedTrade[] {
    const words = this.#words
    const low = trades.tradeIdWords[2 * row]!
    const at = (low & this.#mask) * SLOT_WORDS
    if (words[at] !== low || words[at + 1] !== trades.tradeIdWords[2 * row + 1]! || words[at + SIDE_WORD] === 0)
      return []
    return [
      {
        timeLow: words[at + 2]!,
        timeHigh: words[at + 3]!,
        price: this.#doubles[at / 2 + 2]!,
        volume: this.#doubles[at / 2 + 3]!,
        side: words[at + SIDE_WORD]! - SIDE_OFFSET,
      },
    ]
  }

  #grow(slots: number): void {
    const old = this.#words
    this.#words = new Uint32Array(slots * SLOT_WORDS)
    this.#doubles = new Float64Array(this.#words.buffer)
    this.#mask = slots - 1
    this.#added = 0
    for (let at = 0; at < old.length; at += SLOT_WORDS)
      if (old[at + SIDE_WORD] !== 0)
        this.#words.set(old.subarray(at, at + SLOT_WORDS), (old[at]! & this.#mask) * SLOT_WORDS)
  }
}
