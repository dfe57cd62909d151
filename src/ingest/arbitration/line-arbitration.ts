/**
 * Line arbitration: which of several recorders of one feed had each trade first, and by how much. Compares a copy with the stored trade of
 * its id, of which the last of each symbol are in memory; a copy that comes later is counted and not compared. Counts are per batch. Pure.
 */
import { readMicros } from '../../tick/time.ts'
import type { TradeColumns } from '../../tick/trades.ts'

/** Trades in memory of a symbol, a power of two. A slot in 32-bit words: id, receive time, recorder, whether another had it too. */
const SLOTS = 2_048
const SLOT_WORDS = 6

/** Leads are counted by quarters of a power of two, in µs: up to 2^32 µs. */
const LEADS = 128

/** Counts of a recorder, hour and symbol in a batch. */
export interface RecorderCounts {
  /** Hours since 1970 UTC. */
  hour: number
  venue: string
  symbol: string
  recorder: string
  stored: number
  copies: number
  shared: number
  first: number
  leadMaxMicros: number
  leads: number[]
}

/** The place of a lead in `leads`. */
export const leadIndex = (micros: number): number => Math.min(LEADS - 1, Math.floor(4 * Math.log2(micros + 1)))

/** Where the slot of a trade begins, by the low word of its id. */
const slotOf = (low: number): number => (low & (SLOTS - 1)) * SLOT_WORDS

/** A symbol's last trades, and its counts by recorder code since the batch began. */
interface Line {
  venue: string
  symbol: string
  words: Uint32Array
  counts: (RecorderCounts | undefined)[]
}

export class LineArbitration {
  /** By venue and symbol. */
  readonly #lines = new Map<string, Line>()
  /** Recorders by code, from 1. */
  readonly #names = ['']
  /** Counts of the batch. */
  #counts: RecorderCounts[] = []
  #recorder = 0
  #hour = 0

  /** Begins a record of a recorder; without a name its trades are not counted. */
  begin(recorder: string | undefined, timestampMs: number): void {
    const hour = Math.floor(timestampMs / 3_600_000)
    if (hour !== this.#hour) this.#endCounts()
    this.#hour = hour
    const known = recorder ? this.#names.indexOf(recorder) : 0
    this.#recorder = known >= 0 ? known : this.#names.push(recorder!) - 1
  }

  /** Rows `start` to `end`-1 are stored. */
  stored(trades: TradeColumns, start: number, end: number): void {
    if (this.#recorder === 0) return
    const lines = this.#linesOf(trades)
    for (let row = start; row < end; row++) {
      const line = lines(row)
      const { words } = line
      const low = trades.tradeIdWords[2 * row]!
      const at = slotOf(low)
      words[at] = low
      words[at + 1] = trades.tradeIdWords[2 * row + 1]!
      words[at + 2] = trades.receivedAtWords[2 * row]!
      words[at + 3] = trades.receivedAtWords[2 * row + 1]!
      words[at + 4] = this.#recorder
      words[at + 5] = 0
      this.#countsOf(line, this.#recorder).stored++
    }
  }

  /** Rows `start` to `end`-1 are copies of stored trades. */
  copied(trades: TradeColumns, start: number, end: number): void {
    if (this.#recorder === 0) return
    const lines = this.#linesOf(trades)
    for (let row = start; row < end; row++) {
      const line = lines(row)
      const { words } = line
      const low = trades.tradeIdWords[2 * row]!
      const at = slotOf(low)
      const known = words[at] === low && words[at + 1] === trades.tradeIdWords[2 * row + 1]!
      const other = known ? words[at + 4]! : 0
      // A venue or a connection that repeats itself is no second recorder.
      if (other === this.#recorder) continue
      const own = this.#countsOf(line, this.#recorder)
      own.copies++
      if (other === 0) continue
      const counts = this.#countsOf(line, other)
      if (words[at + 5] === 0) counts.shared++
      words[at + 5] = 1
      const lead = readMicros(trades.receivedAtWords, row) - readMicros(words, at / 2 + 1)
      const winner = lead < 0 ? own : counts
      const micros = Math.round(Math.abs(lead))
      winner.first++
      const index = leadIndex(micros)
      while (winner.leads.length <= index) winner.leads.push(0)
      winner.leads[index]!++
      winner.leadMaxMicros = Math.max(winner.leadMaxMicros, micros)
    }
  }

  /** The counts of the batch that is cut; the next batch begins at 0. */
  take(): RecorderCounts[] {
    this.#endCounts()
    const counts = this.#counts
    this.#counts = []
    return counts
  }

  #endCounts(): void {
    for (const { counts } of this.#counts.length > 0 ? this.#lines.values() : []) counts.length = 0
  }

  /** The line of a row, looked up once a symbol while the venue is the same. */
  #linesOf(trades: TradeColumns): (row: number) => Line {
    let known: (Line | undefined)[] = []
    let knownVenue = -1
    return row => {
      const venue = trades.venue[row]!
      if (venue !== knownVenue) {
        known = []
        knownVenue = venue
      }
      const symbol = trades.symbol[row]!
      known[symbol] ??= this.#lineOf(trades.venues.words[venue]!, trades.symbols.words[symbol]!)
      return known[symbol]
    }
  }

  #lineOf(venue: string, symbol: string): Line {
    const key = `${venue} ${symbol}`
    let line = this.#lines.get(key)
    if (!line) {
      line = { venue, symbol, words: new Uint32Array(SLOTS * SLOT_WORDS), counts: [] }
      this.#lines.set(key, line)
    }
    return line
  }

  #countsOf({ venue, symbol, counts }: Line, recorder: number): RecorderCounts {
    const known = counts[recorder]
    if (known) return known
    const name = this.#names[recorder]!
    const none = { stored: 0, copies: 0, shared: 0, first: 0, leadMaxMicros: 0, leads: [] }
    const made = { hour: this.#hour, venue, symbol, recorder: name, ...none }
    counts[recorder] = made
    this.#counts.push(made)
    return made
  }
}
