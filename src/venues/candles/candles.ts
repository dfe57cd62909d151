/** A venue's own candles of a minute, by REST: how many trades it counts, and the volumes it sums. Pure, like a decoder. */
import type { RepairRequest, RestAnswer, RestLimits } from '../repair/repairer.ts'

export const MINUTE_MS = 60_000
export const MINUTES_OF_DAY = 1_440

/** A minute as the venue states it. Decimals are its own texts; null is what it does not state. */
export interface VenueMinute {
  /** Its start, ms since 1970 UTC. */
  readonly startMs: number
  readonly trades: number | null
  readonly volume: string | null
  /** Of price · volume. */
  readonly quoteVolume: string | null
  /** Of trades whose taker bought. */
  readonly takerBuyVolume: string | null
  readonly takerBuyQuoteVolume: string | null
}

export type CandlesReading =
  | { readonly kind: 'minutes'; readonly minutes: readonly VenueMinute[] }
  /** The answer states that it is to be requested again later. */
  | { readonly kind: 'wait'; readonly reason: string }
  /** The venue does not supply them. */
  | { readonly kind: 'cannot'; readonly reason: string }

/** How a venue supplies candles of a minute. */
export interface Candles {
  readonly limits: RestLimits
  /** The most minutes in one answer. */
  readonly pageMinutes: number
  /** Whether any past minute can be requested; otherwise only the newest `pageMinutes`. */
  readonly reachesBack: boolean
  /** The request for minutes from one on; `startMs` is a whole minute. */
  request(symbol: string, startMs: number, minutes: number): RepairRequest
  /** Reads an answer with HTTP status 200. Never throws. */
  read(answer: RestAnswer): CandlesReading
}

export const UNREADABLE_CANDLES: CandlesReading = {
  kind: 'wait',
  reason: 'an answer that does not match the document',
}

/** A whole number of 0 or more. */
export function countOf(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined
}
