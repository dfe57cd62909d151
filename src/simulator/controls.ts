/**
 * Faults on demand for a running exchange, so that a test, or a user at the page, sees how tickhouse handles them.
 * HTTP: `POST /control/<name>` with a JSON body of these shapes, from loopback only.
 */
import { z } from 'zod'

/** Bounds a typing mistake: every fault ends within an hour or a million trades. */
const count = z.number().int().positive().max(1_000_000)
const ms = z.number().int().positive().max(3_600_000)
const none = z.strictObject({})
/** One symbol, and one kind of its ticks or both. */
const symbol = { symbol: z.string(), kind: z.enum(['trades', 'quotes']).optional() }

export const CONTROLS = {
  /** The next trades are not sent: their ids are missing on the stream and present in REST. */
  drop: z.strictObject({ trades: count }),
  /** The next trades are sent twice. */
  repeat: z.strictObject({ trades: count }),
  /** The next trades' frames are cut off in the middle: invalid JSON. The trades are present in REST. */
  malformed: z.strictObject({ frames: count }),
  /** Sends nothing for this long, then the whole backlog in one burst, if it stays below the bound of a slow client. */
  delay: z.strictObject({ ms }),
  /** Terminates all connections without a close frame. */
  cut: none,
  /** Current connections go half-open: no frames, pongs or close. Trades they miss are never sent to them. */
  goSilent: z.strictObject({ ms }),
  /** Sends no trades and quotes of one symbol for this long; trading and all other symbols continue. */
  silence: z.strictObject({ ...symbol, ms }),
  /** Every connection loses its subscription to one symbol without notice; it may subscribe again. */
  endStream: z.strictObject(symbol),
  /** Answers the next subscribe requests with an error of this text. */
  refuse: z.strictObject({ requests: count, msg: z.string().max(200).default('Service unavailable') }),
  /** Answers the next connects and REST requests with 429 and Retry-After. */
  rateLimit: z.strictObject({
    connects: count.optional(),
    requests: count.optional(),
    retryAfterSeconds: z.number().int().positive().max(3_600),
  }),
  /** Announces a server shutdown to every connection, as Binance does minutes ahead; nothing else happens. */
  serverShutdown: none,
  /** Sets the rate, trades a second; 0 pauses the market. */
  setRate: z.strictObject({ ratePerSecond: z.number().min(0).max(500_000) }),
} as const

export type ControlName = keyof typeof CONTROLS
export type ControlOptions<Name extends ControlName> = z.infer<(typeof CONTROLS)[Name]>

/** A control with its options: a discriminated union by name. */
export type Control = { [Name in ControlName]: { name: Name; options: ControlOptions<Name> } }[ControlName]

export function isControlName(name: string): name is ControlName {
  return Object.hasOwn(CONTROLS, name)
}

/** Pending and past faults of trades. A trade gets one fault at most: drop before repeat before malformed. */
export class TradeFaults {
  #drop = 0
  #repeat = 0
  #malformed = 0
  dropped = 0
  repeated = 0
  malformed = 0

  add(fault: 'drop' | 'repeat' | 'malformed', trades: number): void {
    if (fault === 'drop') this.#drop += trades
    else if (fault === 'repeat') this.#repeat += trades
    else this.#malformed += trades
  }

  /** The fault of the next trade that a client would get. */
  next(): 'sent' | 'dropped' | 'repeated' | 'malformed' {
    if (this.#drop > 0) {
      this.#drop--
      this.dropped++
      return 'dropped'
    }
    if (this.#repeat > 0) {
      this.#repeat--
      this.repeated++
      return 'repeated'
    }
    if (this.#malformed > 0) {
      this.#malformed--
      this.malformed++
      return 'malformed'
    }
    return 'sent'
  }
}
