/**
 * Line arbitration: which of several recorders of one feed had each trade first, and by how much. Compares a copy with the stored trade of
 * its id, of which the last of each symbol are in memory; a copy that comes later is counted and not compared. Pure.
 */
import { MS_PER_HOUR } from '../../clock.ts'
import { readMicros } from '../../tick/time.ts'
import type { TradeColumns } from '../../tick/trades.ts'

/** Trades in memory of a symbol, a power of two. A slot in 32-bit words: id, receive time, recorder, whether another had it too. */
const SLOTS = 2_048
const SLOT_WORDS = 6

/** Leads are counted by quarters of a power of two, in µs: up to 2^32 µs. */
const LEADS = 128

/** Counts of a recorder and symbol in an hour, up to and with a batch, since the owner of the partition began the hour. */
export interface RecorderCounts {
  /** Hours since 1970 UTC. */
  hour: number
  /** Which of the hours that the owner has begun, from 0: one that it begins again is another. */
  part: number
  /** 0 or 1 in turn: the counts of the batch before stay, in case that this batch is not stored. */
  slot: number
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

/** Counts in memory. */
interface OpenCounts extends RecorderCounts {
  /** The batch that changed them last. */
  batch: number
}

/** The place of a lead in `leads`. */
export const leadIndex = (micros: number): number => Math.min(LEADS - 1, Math.floor(4 * Math.log2(micros + 1)))

/** Where the slot of a trade begins, by the low word of its id. */
const slotOf = (low: number): number => (low & (SLOTS - 1)) * SLOT_WORDS

/** A symbol's last trades, and its counts: at twice the recorder's code, plus the place of the hour. */
interface Line {
  venue: string
  symbol: string
  words: Uint32Array
  counts: (OpenCounts | undefined)[]
}

export class LineArbitration {
  /** By venue and symbol. */
  readonly #lines = new Map<string, Line>()
  /** Recorders by code, from 1. */
  readonly #names = ['']
  /** Counts that the batch has changed. */
  #changed: OpenCounts[] = []
  #batch = 0
  #recorder = 0
  /** The last two hours: records of both may alternate for a while. */
  readonly #hours = [-1, -1]
  /** The place of the current one. */
  #at = 0
  readonly #parts = [0, 0]
  #begun = 0

  /** Begins a record of a recorder; without a name its trades are not counted. */
  begin(recorder: string | undefined, timestampMs: number): void {
    this.#beginHour(Math.floor(timestampMs / MS_PER_HOUR))
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

  /** The counts that the batch which is cut has changed, up to and with it. */
  take(): RecorderCounts[] {
    const taken = this.#changed.map(({ batch, ...counts }) => ({ ...counts, leads: counts.leads.slice() }))
    for (const counts of this.#changed) counts.slot = 1 - counts.slot
    this.#changed = []
    this.#batch++
    return taken
  }

  #beginHour(hour: number): void {
    if (hour === this.#hours[this.#at]) return
    this.#at = 1 - this.#at
    if (hour === this.#hours[this.#at]) return
    for (const { counts } of this.#lines.values())
      for (let at = this.#at; at < counts.length; at += 2) counts[at] = undefined
    this.#hours[this.#at] = hour
    this.#parts[this.#at] = this.#begun++
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

  /** The counts of a recorder, to be changed. */
  #countsOf({ venue, symbol, counts }: Line, recorder: number): RecorderCounts {
    const at = 2 * recorder + this.#at
    let known = counts[at]
    if (!known) {
      const none = { stored: 0, copies: 0, shared: 0, first: 0, leadMaxMicros: 0, leads: [] }
      const [hour, part] = [this.#hours[this.#at]!, this.#parts[this.#at]!]
      known = { hour, part, slot: 0, venue, symbol, recorder: this.#names[recorder]!, ...none, batch: -1 }
      while (counts.length < at) counts.push(undefined)
      counts[at] = known
    }
    if (known.batch !== this.#batch) {
      known.batch = this.#batch
      this.#changed.push(known)
    }
    return known
  }
}
