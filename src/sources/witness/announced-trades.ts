/**
 * The ids of a symbol's trades as they arrive, beside those that the venue states: which of them are missing at the end,
 * and whether it stated recently that none is. Pure; times are ms of one clock of the caller.
 */
import type { IdRange } from '../../tick/repairs/id-ranges.ts'
import type { Witness } from '../../venues/venue.ts'
import { CountedTrades } from './counted-trades.ts'
import { SummedTrades, type VolumeDifference } from './summed-trades.ts'

/** After this many ids in a row that are not new, the venue counts from another id. A snapshot repeats fewer. */
const REPEATS_MAX = 200

export class AnnouncedTrades {
  readonly #counted = new CountedTrades()
  readonly #summed = new SummedTrades()
  #lastId: number | undefined
  #repeats = 0
  /** The first trade that the venue announced and that has not arrived, and when it was announced. */
  #announcedId: number | undefined
  #announcedSinceMs = 0
  #newestAnnouncedId = 0
  /** When the venue last stated which trades exist. */
  #statedMs = Number.NEGATIVE_INFINITY

  /**
   * A trade arrived, with its id if ids rise, its time, µs since 1970 UTC, and its volume. False if its id is not new. Allocates
   * nothing. An id above 2^53 is a bigint and not compared.
   */
  isNew(id: number | bigint | undefined, micros: number, volume: number): boolean {
    if (micros >= this.#counted.untilMicros) this.#counted.reached(micros, this.#lastId)
    if (typeof id !== 'number') return true
    if (this.#lastId !== undefined && id <= this.#lastId && ++this.#repeats < REPEATS_MAX) return false
    this.#repeats = 0
    this.#lastId = id
    this.#summed.add(id, micros, volume)
    if (this.#announcedId !== undefined && id >= this.#announcedId) this.#announcedId = undefined
    return true
  }

  /** The venue announced the id of the symbol's last trade; 0 or less is ignored. */
  announced(id: number, nowMs: number): void {
    if (!(id > 0)) return
    this.#statedMs = nowMs
    this.#newestAnnouncedId = id
    // Before any trade, counting starts at the first announcement.
    this.#lastId ??= id
    if (id <= this.#lastId || this.#announcedId !== undefined) return
    this.#announcedId = id
    this.#announcedSinceMs = nowMs
  }

  /** The venue states which trades of a minute exist: in a quiet market none. Returns how the volume of the minute before differs, once. */
  witnessed(witness: Witness, nowMs: number): VolumeDifference | undefined {
    this.#statedMs = nowMs
    const last = witness.lastTradeId ?? this.#counted.lastOf(witness, this.#lastId)
    if (last !== undefined && witness.trades > 0) this.announced(last, nowMs)
    return this.#summed.stated(witness)
  }

  /** Reading resumes after a pause: what was announced may wait in the socket. */
  resumed(nowMs: number): void {
    if (this.#announcedId !== undefined) this.#announcedSinceMs = nowMs
  }

  /** Announced trades that did not arrive within `waitMs`; each is returned once. */
  lost(waitMs: number, nowMs: number): IdRange | undefined {
    if (this.#announcedId === undefined || nowMs - this.#announcedSinceMs < waitMs) return undefined
    const first = this.#lastId! + 1
    const last = Math.max(this.#announcedId, this.#newestAnnouncedId)
    this.#announcedId = undefined
    this.#lastId = last
    return { first, last }
  }

  /** Whether by a statement of the last `withinMs` no trade is missing at the end. */
  isWhole(withinMs: number, nowMs: number): boolean {
    return nowMs - this.#statedMs < withinMs && this.#announcedId === undefined
  }
}
