/**
 * What can be done to a running exchange: faults on demand, so that a test, or a person in front of the page, sees how the
 * house takes them. Over HTTP: `POST /control/<name>` with a JSON body of these shapes, from the same machine only.
 */
import { z } from 'zod'

/** Bounds a mistaken figure: a fault ends by itself within an hour or a million trades. */
const count = z.number().int().positive().max(1_000_000)
const ms = z.number().int().positive().max(3_600_000)
const none = z.strictObject({})

export const CONTROLS = {
  /** The next trades are made but not sent: their ids are missing on the stream and present in REST. */
  drop: z.strictObject({ trades: count }),
  /** The next trades are sent twice. */
  repeat: z.strictObject({ trades: count }),
  /** The next trades' frames are cut off in the middle: no JSON. The trades are present in REST. */
  malformed: z.strictObject({ frames: count }),
  /** Nothing is sent for this long, then everything held at once, if it stays below the bound of a slow client. */
  delay: z.strictObject({ ms }),
  /** All connections are torn down without a close frame. */
  cut: none,
  /** The connections of now go half-open: no frames, no pongs, no end. What they miss is never sent to them. */
  goSilent: z.strictObject({ ms }),
  /** Trades of one symbol are made and sent to nobody for this long; everything else goes on. */
  silence: z.strictObject({ symbol: z.string(), ms }),
  /** Every connection loses its subscription of one symbol, without a word; it may subscribe again. */
  endStream: z.strictObject({ symbol: z.string() }),
  /** The next requests to subscribe are answered with an error of this text. */
  refuse: z.strictObject({ requests: count, msg: z.string().max(200).default('Service unavailable') }),
  /** The next connects and REST requests are answered with 429 and Retry-After. */
  rateLimit: z.strictObject({
    connects: count.optional(),
    requests: count.optional(),
    retryAfterSeconds: z.number().int().positive().max(3_600),
  }),
  /** Announces the end of the server to every connection, as Binance does some minutes before; nothing else happens. */
  serverShutdown: none,
  /** Another pace from now on, in trades a second; 0 pauses the market. */
  setRate: z.strictObject({ ratePerSecond: z.number().min(0).max(500_000) }),
} as const

export type ControlName = keyof typeof CONTROLS
export type ControlOptions<Name extends ControlName> = z.infer<(typeof CONTROLS)[Name]>

/** A control with the options of its name, so that a switch over the name knows the options. */
export type Control = { [Name in ControlName]: { name: Name; options: ControlOptions<Name> } }[ControlName]

export function isControlName(name: string): name is ControlName {
  return Object.hasOwn(CONTROLS, name)
}

/** The faults that wait for the next trades, and those that happened. A trade takes one: a drop before a repeat before a cut-off. */
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

  /** What becomes of the next trade that a client would get. */
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
