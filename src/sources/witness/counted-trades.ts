/**
 * The last trade of a symbol by the number of its trades since the minute began, where ids are dense and the venue states
 * no ids. Pure. Never too high: trades of the minute before that are missing only lower it. All times are the venue's, so
 * no clock of ours decides.
 */
import type { Witness } from '../../venues/venue.ts'

const MINUTE_MICROS = 60_000_000

export class CountedTrades {
  /** A trade of this time or later is of another minute: it needs `reached`. Infinite until something is counted. */
  untilMicros = Number.POSITIVE_INFINITY
  #sinceMicros = Number.NEGATIVE_INFINITY
  /** The last id of the minutes before; undefined if none of them was seen. */
  #before: number | undefined

  /** A trade of a later minute arrived; `lastId` is of the trade before. Cold: once a minute. */
  reached(micros: number, lastId: number | undefined): void {
    this.#begin(Math.floor(micros / MINUTE_MICROS) * MINUTE_MICROS, lastId)
  }

  /** The id of the last of the trades that the venue counted; undefined if that is not known. `lastId`: seen so far. */
  lastOf({ sinceMicros, trades }: Witness, lastId: number | undefined): number | undefined {
    // The first count: which of the trades seen are of this minute is not known.
    if (this.untilMicros === Number.POSITIVE_INFINITY) this.#begin(sinceMicros, undefined)
    else if (sinceMicros > this.#sinceMicros) this.#begin(sinceMicros, lastId)
    if (sinceMicros !== this.#sinceMicros || this.#before === undefined) return undefined
    return this.#before + trades
  }

  #begin(sinceMicros: number, before: number | undefined): void {
    this.#sinceMicros = sinceMicros
    this.#before = before
    this.untilMicros = sinceMicros + MINUTE_MICROS
  }
}
