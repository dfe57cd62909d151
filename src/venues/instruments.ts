/** The instruments that a venue lists by REST: what it states about each, in one form for all venues. Pure. */
import { decimalFromNumber, decimalFromText } from './decimal.ts'

export type InstrumentKind = 'spot' | 'perpetual' | 'future' | 'option' | 'combo' | 'equity' | 'other'

/** The status of an instrument that trades. Any other status is the venue's own word. */
export const TRADING = 'trading'

/** An instrument as its venue lists it. Texts are empty and numbers 0 where the venue does not state them. */
export interface Instrument {
  /** As its trades carry it. */
  readonly symbol: string
  /** Other names that the venue has for it. */
  readonly aliases: readonly string[]
  readonly kind: InstrumentKind
  readonly base: string
  readonly quote: string
  /** Smallest step of the price, in `quote`. */
  readonly tickSize: number
  /** Smallest step of the volume, in the unit of a trade's volume. */
  readonly lotSize: number
  /** What one contract stands for, in the venue's unit. */
  readonly contractSize: number
  /** `trading`, or the venue's word for a state without trading. */
  readonly status: string
  /** Trading hours, in the venue's words; empty where it trades without a break. */
  readonly sessions: string
  /** When it stops trading by contract, ms since 1970 UTC. */
  readonly expiresMs: number
}

/** One request of a venue's list: a GET of `path`, below the venue's REST address, or a POST of `body`. */
export interface ListRequest {
  readonly path: string
  /** JSON. */
  readonly body?: string
}

export interface ListPage {
  readonly instruments: readonly Instrument[]
  /** The rest of the answer, where the venue sends it in pages. */
  readonly next?: ListRequest
}

/** How a venue lists its instruments. */
export interface InstrumentList {
  /** Every list that the venue has of instruments that it streams. */
  readonly requests: readonly ListRequest[]
  /** Reads one answer; undefined if it does not match the venue's document. Never throws. */
  read(answer: unknown, request: ListRequest): ListPage | undefined
}

/** For a venue without a public list: its symbols are taken as they are selected. */
export const NO_LIST: InstrumentList = { requests: [], read: () => undefined }

/** Pages of one request: far more than any venue has, so that a cursor that leads in a circle ends. */
const PAGES_MAX = 100

/**
 * All instruments of a venue, each symbol once. `ask` sends a request and returns its answer, parsed from JSON. Rejects
 * with its error, or if an answer is not a list.
 */
export async function readList(
  { requests, read }: InstrumentList,
  ask: (request: ListRequest) => Promise<unknown>,
): Promise<Instrument[]> {
  const found = new Map<string, Instrument>()
  for (const first of requests) {
    let request: ListRequest | undefined = first
    for (let page = 1; request !== undefined; page++) {
      const answer: ListPage | undefined = read(await ask(request), request)
      if (!answer) throw new Error(`the answer to ${request.path} is not a list of instruments`)
      if (page > PAGES_MAX) throw new Error(`the answer to ${first.path} has more than ${PAGES_MAX} pages`)
      for (const instrument of answer.instruments) found.set(instrument.symbol, instrument)
      request = answer.next
    }
  }
  // By an empty list, all symbols would be unknown.
  if (found.size === 0) throw new Error('the answer is not a list of instruments: it is empty')
  return [...found.values()]
}

/** An instrument of what a venue states; the rest is not known. */
export function instrument(stated: Pick<Instrument, 'symbol' | 'kind'> & Partial<Instrument>): Instrument {
  return {
    aliases: [],
    base: '',
    quote: '',
    tickSize: 0,
    lotSize: 0,
    contractSize: 0,
    status: TRADING,
    sessions: '',
    expiresMs: 0,
    ...stated,
  }
}

/** A text as stated; empty for anything else. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** `trading` for the venue's own word for that, or where it states none; else its word. */
export function statusOf(stated: unknown, tradingWord: string): string {
  return typeof stated !== 'string' || stated === '' || stated === tradingWord ? TRADING : stated
}

/** A size, in quotes or not; 0 for anything else. */
export function sizeOf(value: unknown): number {
  const size = typeof value === 'string' ? decimalFromText(value) : decimalFromNumber(value)
  return Math.max(0, size || 0)
}

/** More decimals than any venue has. */
const DECIMALS_MAX = 30

/** The step of a number with that many decimals; 0 if that is not stated. */
export function stepOf(decimals: unknown): number {
  const isStated = Number.isInteger(decimals) && (decimals as number) >= 0 && (decimals as number) <= DECIMALS_MAX
  return isStated ? Number(`1e-${decimals}`) : 0
}

/**
 * An expiry in ms since 1970 UTC, as a number or in quotes; 0 if there is none: venues write that as 0, or as a time
 * beyond 2100.
 */
export function expiryOf(value: unknown): number {
  const ms = sizeOf(value)
  return Number.isSafeInteger(ms) && ms < EXPIRY_MS_BELOW ? ms : 0
}

const EXPIRY_MS_BELOW = Date.UTC(2100, 0, 1)
