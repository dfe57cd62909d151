/**
 * Trades that came again with equal values, counted in ranges: a second recorder or connection repeats every trade, of which nothing but
 * its position in the log and its id is worth keeping. A batch has one row of quarantine for all of them (one for each hour of the log),
 * and the audit counts each by its position: `src/audit/repeats.ts`. Pure.
 */
import { REFUSALS } from '../../tick/refusal.ts'
import type { TradeColumns } from '../../tick/trades.ts'
import type { Refused } from '../decode.ts'

/** Repeats of one symbol whose ids rise by one. Ids as text: they may be above 2^53. */
export type RepeatedIds = [venue: string, symbol: string, first: string, last: string]
/** Consecutive ticks of a record that are repeats: offset, first and last `log_index`. */
export type RepeatedPositions = [offset: number, first: number, last: number]

/** The payload of a row, as JSON in `raw`. Both lists cover as many trades as the row counts. */
export interface RepeatedTradesRow {
  at: RepeatedPositions[]
  ids: RepeatedIds[]
}

/** A row to be, with the position that it is stored at: that of its last repeat's range. */
export interface PlacedRepeats extends Refused {
  offset: number
  loggedAtSeconds: number
}

const HOUR_SECONDS = 3_600
/** Ranges of a row, so that its payload stays below about 2 MB. */
const RANGES_MAX = 32_768

/** The last range of ids of a symbol, as words: ids that rise by one cost no bigint. */
interface OpenIds {
  venue: string
  symbol: string
  first: bigint
  low: number
  high: number
  count: number
}

export class RepeatedTrades {
  readonly #rows: PlacedRepeats[] = []
  #at: RepeatedPositions[] = []
  /** The last of them. */
  #last: RepeatedPositions | undefined
  #ids: RepeatedIds[] = []
  /** By venue, then by symbol. */
  readonly #open = new Map<string, Map<string, OpenIds>>()
  #ticks = 0
  #loggedAtSeconds = 0
  #receivedAtMicros = 0

  get empty(): boolean {
    return this.#ticks === 0 && this.#rows.length === 0
  }

  /** Adds rows `start` to `end`-1 of a record, all repeats of stored trades; `indexes` as in `BatchRows.add`. In order of the log. */
  add(
    offset: number,
    loggedAtSeconds: number,
    trades: TradeColumns,
    start: number,
    end: number,
    indexes?: Uint32Array,
  ): void {
    const hour = Math.floor(loggedAtSeconds / HOUR_SECONDS)
    // An archived segment is an hour: a row must not reach into two.
    const isFull = this.#at.length + this.#ids.length >= RANGES_MAX
    if (this.#ticks > 0 && (isFull || hour !== Math.floor(this.#loggedAtSeconds / HOUR_SECONDS))) this.#end()
    if (this.#ticks === 0) this.#receivedAtMicros = Number(trades.receivedAt[start]! / 1000n)
    this.#ticks += end - start
    this.#loggedAtSeconds = loggedAtSeconds
    if (!indexes) this.#addPositions(offset, start, end - 1)
    else for (let row = start; row < end; row++) this.#addPositions(offset, indexes[row]!, indexes[row]!)
    this.#addIds(trades, start, end)
  }

  #addPositions(offset: number, from: number, to: number): void {
    const last = this.#last
    if (last && last[0] === offset && last[2] === from - 1) last[2] = to
    else {
      this.#last = [offset, from, to]
      this.#at.push(this.#last)
    }
  }

  /** Ends the row and returns all rows, in order. */
  take(): PlacedRepeats[] {
    if (this.#ticks > 0) this.#end()
    return this.#rows.splice(0)
  }

  clear(): void {
    this.take()
  }

  #addIds(trades: TradeColumns, start: number, end: number): void {
    const { tradeIdWords, venue, symbol } = trades
    // Open ranges by symbol, for the venue of the previous row: almost every record is of one venue.
    let known: (OpenIds | undefined)[] = []
    let knownVenue = -1
    for (let row = start; row < end; row++) {
      if (venue[row] !== knownVenue) {
        known = []
        knownVenue = venue[row]!
      }
      const low = tradeIdWords[2 * row]!
      const high = tradeIdWords[2 * row + 1]!
      known[symbol[row]!] ??= this.#openOf(trades, row)
      const open = known[symbol[row]!]!
      if (open.count > 0 && low === open.low + 1 && high === open.high) {
        open.low = low
        open.count++
        continue
      }
      if (open.count > 0) this.#ids.push(rangeOf(open))
      open.first = trades.tradeId[row]!
      open.low = low
      open.high = high
      open.count = 1
    }
  }

  #openOf(trades: TradeColumns, row: number): OpenIds {
    const venue = trades.venues.words[trades.venue[row]!]!
    const symbol = trades.symbols.words[trades.symbol[row]!]!
    let symbols = this.#open.get(venue)
    if (!symbols) {
      symbols = new Map()
      this.#open.set(venue, symbols)
    }
    let open = symbols.get(symbol)
    if (!open) {
      open = { venue, symbol, first: 0n, low: 0, high: 0, count: 0 }
      symbols.set(symbol, open)
    }
    return open
  }

  #end(): void {
    for (const symbols of this.#open.values()) for (const open of symbols.values()) this.#ids.push(rangeOf(open))
    this.#open.clear()
    const [at, ids] = [this.#at, this.#ids]
    const last = this.#last!
    const venues = new Set(ids.map(([venue]) => venue))
    const symbols = new Set(ids.map(([venue, symbol]) => `${venue} ${symbol}`))
    const row: RepeatedTradesRow = { at, ids }
    this.#rows.push({
      offset: last[0],
      loggedAtSeconds: this.#loggedAtSeconds,
      index: last[1],
      ticks: this.#ticks,
      reason: 'trade_repeated',
      detail: REFUSALS.trade_repeated,
      venue: venues.size === 1 ? ids[0]![0] : '',
      symbol: symbols.size === 1 ? ids[0]![1] : '',
      raw: JSON.stringify(row),
      receivedAtMicros: this.#receivedAtMicros,
    })
    this.#at = []
    this.#last = undefined
    this.#ids = []
    this.#ticks = 0
  }
}

const rangeOf = ({ venue, symbol, first, count }: OpenIds): RepeatedIds => [
  venue,
  symbol,
  String(first),
  String(first + BigInt(count - 1)),
]
