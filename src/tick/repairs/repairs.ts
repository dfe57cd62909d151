/**
 * What became of missing trade ids that their venue does not supply, in columns: evidence for table `gaps`. Trades that
 * it does supply are trades, of origin `repair`.
 */
import { NamedColumns } from '../named/columns.ts'

/**
 * Texts. `outcome`: see `OUTCOMES`. `reason`: why, in the venue's words or a person's. `accepted_by`: that person, or
 * empty. `side`: the taker's, where an aggregate is stated. `body_sha256`: of the answer's body.
 */
export const WORDS = ['venue', 'symbol', 'outcome', 'reason', 'accepted_by', 'side', 'body_sha256'] as const
/** Where the venue states only an aggregate of several ids: its price and its volume; else 0. */
export const SIZES = ['price', 'volume'] as const
/** A range of ids of a run, both ends included, and the status of the venue's answer (0 for none). */
export const IDS = ['first_id', 'last_id', 'run', 'http_status'] as const
/** Ns since 1970 UTC: the venue's time of the aggregate (0 for none), and when we had the answer. */
export const TIMES = ['timestamp', 'received_at'] as const

/**
 * `unrepairable`: the venue does not supply the trades. `accepted`: a person takes note that they are missing. `requested`: a person
 * has what the venue did not supply requested again.
 */
export const OUTCOMES = ['unrepairable', 'accepted', 'requested'] as const
export type Outcome = (typeof OUTCOMES)[number]

type Word = (typeof WORDS)[number]
type Size = (typeof SIZES)[number]
type Id = (typeof IDS)[number]
type Time = (typeof TIMES)[number]

/** One row. Times are µs since 1970 UTC. */
export interface Repair {
  venue: string
  symbol: string
  outcome: Outcome
  first: number
  last: number
  run: number
  reason: string
  acceptedBy: string
  httpStatus: number
  bodySha256: string
  /** The aggregate that the venue states instead. */
  aggregate?: { price: number; volume: number; side: 'buy' | 'sell'; micros: number } | undefined
  receivedAtMicros: number
}

const LAYOUT = { words: WORDS, sizes: SIZES, ids: IDS, times: TIMES }

export class RepairColumns extends NamedColumns<Word, Size, Id, Time> {
  constructor(capacity: number) {
    super(LAYOUT, capacity)
  }

  add(repair: Repair): void {
    this.reserve(1)
    const at = this.length++
    const { venue, symbol, outcome, reason, acceptedBy, bodySha256, aggregate } = repair
    const texts = { venue, symbol, outcome, reason, accepted_by: acceptedBy, body_sha256: bodySha256 }
    const all = { ...texts, side: aggregate?.side ?? '' }
    for (const name of WORDS) this.codes[name][at] = this.words[name].code(all[name])
    this.sizes.price[at] = aggregate?.price ?? 0
    this.sizes.volume[at] = aggregate?.volume ?? 0
    this.ids.first_id[at] = BigInt(repair.first)
    this.ids.last_id[at] = BigInt(repair.last)
    this.ids.run[at] = BigInt(repair.run)
    this.ids.http_status[at] = BigInt(repair.httpStatus)
    this.times.timestamp[at] = BigInt(aggregate?.micros ?? 0) * 1000n
    this.times.received_at[at] = BigInt(repair.receivedAtMicros) * 1000n
  }

  /** What its rows state, without those that `codes` marks. */
  *statements(
    codes: Uint8Array,
  ): Generator<
    Pick<Repair, 'venue' | 'symbol' | 'run' | 'first' | 'last' | 'outcome' | 'reason' | 'receivedAtMicros'>
  > {
    const { ids, words, codes: wordCodes } = this
    const text = (name: Word, row: number) => words[name].words[wordCodes[name][row]!]!
    for (let row = 0; row < this.length; row++)
      if (codes[row] === 0)
        yield {
          ...{ venue: text('venue', row), symbol: text('symbol', row), run: Number(ids.run[row]!) },
          ...{ first: Number(ids.first_id[row]!), last: Number(ids.last_id[row]!) },
          ...{ outcome: text('outcome', row) as Outcome, reason: text('reason', row) },
          receivedAtMicros: Number(this.times.received_at[row]! / 1000n),
        }
  }
}
