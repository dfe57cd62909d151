/**
 * Follows the sequences of quotes, which rise within a symbol: a quote whose sequence is not above the last one is a
 * repeat (of a second connection or recorder) or out of order, and is refused; an exact repeat is only counted. Where a venue restarts its count, the
 * first lower sequence after a silence, or one less than half of the last, starts it again.
 */
import type { Fence, Store } from '../../store/store.ts'
import type { Emit } from '../../telemetry/events.ts'
import { throttleEvents } from '../../telemetry/throttle.ts'
import { type Kind, QUOTES } from '../../tick/kinds.ts'
import type { QuoteColumns } from '../../tick/quotes/quotes.ts'
import { readMicros } from '../../tick/time.ts'
import { codeOf, type Validity } from '../../tick/validate.ts'
import { symbolKey } from '../checkpoint.ts'
import type { ValidatedRecord } from '../validated-record.ts'
import { RecentQuotes } from './recent-quotes.ts'

/** A lower sequence this long after the last quote of its symbol restarts: both by receive time. */
const SILENCE_MICROS_MIN = 30_000_000
/** Restarts of one symbol are reported once per this time. */
const REPORT_EVERY_MS = 600_000
/** Log days searched on resume for the last quotes. */
const DAYS_BACK = 2
const NOT_NEW = codeOf('quote_not_new')
const REPEATED = codeOf('quote_repeated')

interface LastQuote {
  high: number
  low: number
  receivedMicros: number
  /** Undefined until a quote of this run of ingest. */
  recent: RecentQuotes | undefined
}

export class QuoteSequences {
  readonly #emit: Emit
  readonly #last = new Map<string, LastQuote>()

  constructor(emit: Emit, elapsedMs: () => number) {
    this.#emit = throttleEvents(emit, REPORT_EVERY_MS, elapsedMs, (event, of) => `${event} ${of.venue} ${of.symbol}`)
  }

  /** Loads the last stored quote of each symbol of the partition. Throws errors of the store. */
  async load(store: Store, { partition }: Fence): Promise<void> {
    const rows = await store.rows<{ venue: string; symbol: string; last: string; received: string }>(
      `SELECT venue, symbol, toString(argMax(sequence, (log_offset, log_index))) AS last,
         toUnixTimestamp64Micro(argMax(received_at, (log_offset, log_index))) AS received FROM ${QUOTES.table}
       WHERE log_partition = {partition:UInt16} AND sequence > 0 AND log_day >=
         (SELECT max(log_day) FROM ${QUOTES.table} WHERE log_partition = {partition:UInt16}) - ${DAYS_BACK}
       GROUP BY venue, symbol`,
      { partition },
    )
    // Records read and not stored are read again.
    this.#last.clear()
    for (const { venue, symbol, last, received } of rows) {
      const [high, low] = wordsOf(BigInt(last))
      this.#last.set(symbolKey({ venue, symbol }), { high, low, receivedMicros: Number(received), recent: undefined })
    }
  }

  /** Marks the quotes of a record that are not new. Records of other kinds are passed over. */
  followRecord(record: Pick<ValidatedRecord, 'kind' | 'ticks' | 'codes' | 'marked'>): void {
    if (record.kind === (QUOTES as Kind)) record.marked += this.follow(record.ticks as QuoteColumns, record.codes)
  }

  /** Marks quotes that are not new in `codes`, and returns how many. Rows already marked, and quotes without a sequence, are passed over. */
  follow(quotes: QuoteColumns, codes: Validity): number {
    const { venue, symbol, sequenceWords, receivedAtWords } = quotes
    // The last quote by symbol, for the venue of the row before: almost every record is of one venue.
    let known: (LastQuote | undefined)[] = []
    let knownVenue = -1
    let marked = 0
    for (let row = 0; row < quotes.length; row++) {
      const low = sequenceWords[2 * row]!
      const high = sequenceWords[2 * row + 1]!
      if (codes[row] !== 0 || (low === 0 && high === 0)) continue
      if (venue[row] !== knownVenue) {
        known = []
        knownVenue = venue[row]!
      }
      known[symbol[row]!] ??= this.#of(quotes, row)
      const last = known[symbol[row]!]!
      const received = readMicros(receivedAtWords, row)
      if (high < last.high || (high === last.high && low <= last.low)) {
        if (!begins(last, high, low, received)) {
          codes[row] = last.recent?.has(quotes, row) ? REPEATED : NOT_NEW
          marked++
          continue
        }
        this.#report(quotes, row, last)
        last.recent?.clear()
      }
      last.recent ??= new RecentQuotes()
      last.recent.add(quotes, row)
      last.high = high
      last.low = low
      last.receivedMicros = received
    }
    return marked
  }

  #report(quotes: QuoteColumns, row: number, last: LastQuote): void {
    const [venue, symbol] = namesOf(quotes, row)
    const [first, before] = [String(quotes.sequence[row]), String((BigInt(last.high) << 32n) + BigInt(last.low))]
    this.#emit('quote_sequence_restarted', { venue, symbol, last: before, first })
  }

  #of(quotes: QuoteColumns, row: number): LastQuote {
    const [venue, symbol] = namesOf(quotes, row)
    const key = symbolKey({ venue, symbol })
    const known = this.#last.get(key)
    if (known) return known
    const last = { high: 0, low: 0, receivedMicros: Number.NEGATIVE_INFINITY, recent: undefined }
    this.#last.set(key, last)
    return last
  }
}

/** Whether a sequence that is not above the last one begins a new count. */
function begins(last: LastQuote, high: number, low: number, receivedMicros: number): boolean {
  if (receivedMicros - last.receivedMicros >= SILENCE_MICROS_MIN) return true
  return 2 * (high * 2 ** 32 + low) < last.high * 2 ** 32 + last.low
}

const wordsOf = (sequence: bigint): [high: number, low: number] => [
  Number(sequence >> 32n),
  Number(sequence & 0xffff_ffffn),
]

const namesOf = (quotes: QuoteColumns, row: number): [venue: string, symbol: string] => [
  quotes.venues.words[quotes.venue[row]!]!,
  quotes.symbols.words[quotes.symbol[row]!]!,
]
