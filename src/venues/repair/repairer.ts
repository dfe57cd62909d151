/**
 * Missing trades by REST: which request of a venue answers for missing ids, and what its answer states. Pure, like a
 * decoder. Ids decide, never times and never the order of rows: an answer may begin above what was requested, be short,
 * repeat rows, or have holes, and all of that is seen from the ids that are still missing.
 */
import type { Side } from '../../tick/trades.ts'

/** Ids of a symbol that are missing: all from `first` to `last`. */
export interface MissingIds {
  readonly symbol: string
  readonly first: number
  readonly last: number
  /** The venue's time of the trades before and after them, µs since 1970 UTC; null if not known. */
  readonly afterMicros: number | null
  readonly beforeMicros: number | null
}

/** A GET of `path` at a REST address. */
export interface RepairRequest {
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** What it costs of `RestLimits.weight`; 1 without such a limit. */
  readonly weight: number
}

/** A trade as REST states it. Times are at the source's own resolution: µs since 1970 UTC, and the ns beyond. */
export interface RestTrade {
  readonly id: number
  readonly price: number
  readonly volume: number
  readonly side: Side
  readonly micros: number
  readonly nanos: number
  /** Of an aggregate, the ids of the first and the last trade that it joins, where aggregates are what the feed sends. */
  readonly firstId?: number
  readonly lastId?: number
}

/** Several trades that the venue states as one: evidence, since how they split is not stated. */
export interface Aggregate {
  readonly first: number
  readonly last: number
  readonly price: number
  readonly volume: number
  readonly side: Side
  readonly micros: number
}

/** An answer that was received whole. Header names are in lower case. */
export interface RestAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type RepairReading =
  /** Trades of the symbol, missing or not, in any order. `next`: a cursor for `plan`, where the venue has one. */
  | {
      readonly kind: 'page'
      readonly trades: readonly RestTrade[]
      readonly aggregates?: readonly Aggregate[]
      readonly next?: string | undefined
    }
  /** Request it again later: the venue is busy, or limits requests where HTTP does not state it. */
  | { readonly kind: 'wait'; readonly reason: string; readonly ms?: number }
  /** This address does not serve the request; another of the venue may. */
  | { readonly kind: 'elsewhere'; readonly reason: string }
  /** The venue does not supply these trades. */
  | { readonly kind: 'cannot'; readonly reason: string }

/** What a venue allows at a REST address, from its documents. */
export interface RestLimits {
  /** Shortest time between two requests, ms. */
  readonly apartMs: number
  /** Weight of requests in a minute of the server's clock, and the header in which answers state what was used. */
  readonly weight?: { readonly perMinute: number; readonly usedHeader: string }
}

/** How a venue supplies missing trades. */
export interface Repairer {
  readonly limits: RestLimits
  /** The most ids in one answer: missing ids within that many are requested together; 0 for one gap at a time. */
  readonly pageIds: number
  /** An answer has the trades from the last requested id down, not from the first one up. */
  readonly down?: true
  /** Addresses to use, the best first; `rest` is the configured one, or the venue's own. */
  addresses(rest: string): readonly string[]
  /**
   * The request for missing ids, from their first one on, or after `cursor`, which an answer for the same ids stated.
   * A text: why there is none.
   */
  plan(missing: MissingIds, rest: string, cursor?: string): RepairRequest | string
  /** Reads an answer. Never throws. 418, 429, 403, 451 and 5xx are not passed to it. */
  read(answer: RestAnswer, request: RepairRequest, missing: MissingIds): RepairReading
}
