/** Whether the tape of each instrument is whole: no gap that was found lately, ticks that are not old, and times that agree. */
import type { Books } from '../market/books.ts'
import type { Instrument } from '../market/instrument.ts'
import type { DataEvent } from '../strategy.ts'
import { DueList } from './due-list.ts'
import { VenueClocks } from './venue-clocks.ts'

/** A gap was found, or is no longer held against the tape. */
export interface TapeChange {
  timeMicros: number
  /** Index of the instrument. */
  at: number
  isGap: boolean
  detail: string
}

export type OnTape = (at: number, isWhole: boolean, cause: DataEvent['cause'], detail: string) => void

export class Tape {
  readonly changes = new DueList<TapeChange>(change => this.#apply(change))
  readonly clocks: VenueClocks
  readonly #books: Books
  readonly #staleMicros: number
  readonly #onTape: OnTape
  readonly #gaps: Uint32Array
  readonly #stale: Uint8Array

  /** `staleMicros`: after so long without a tick; `apartMicros`: with times of receipt so far from a venue's own. */
  constructor(
    books: Books,
    instruments: readonly Instrument[],
    { staleMicros, apartMicros }: { staleMicros: number; apartMicros: number },
    onTape: OnTape,
  ) {
    this.#books = books
    this.clocks = new VenueClocks(instruments, apartMicros)
    this.#staleMicros = staleMicros
    this.#onTape = onTape
    this.#gaps = new Uint32Array(instruments.length)
    this.#stale = new Uint8Array(instruments.length)
  }

  isWhole(at: number): boolean {
    return this.#gaps[at] === 0 && this.#stale[at] === 0 && !this.clocks.isApart(at)
  }

  isStale(at: number): boolean {
    return this.#stale[at] === 1
  }

  /** Finds instruments whose last tick is old. */
  check(timeMicros: number): void {
    for (let at = 0; at < this.#stale.length; at++) {
      const seen = this.#books.seenMicros[at]!
      if (this.#stale[at] === 1 || seen === 0 || timeMicros - seen <= this.#staleMicros) continue
      this.#stale[at] = 1
      this.#onTape(at, false, 'stale', `no tick for ${Math.round((timeMicros - seen) / 1e6)} s`)
    }
  }

  /** Finds venues whose times of receipt do not agree with their own, once per window. */
  checkClocks(): void {
    this.clocks.check((at, detail) => this.#onTape(at, this.isWhole(at), 'clock', detail))
  }

  /** A tick of a stale instrument came. */
  refresh(at: number): void {
    this.#stale[at] = 0
    this.#onTape(at, this.isWhole(at), 'stale', 'ticks again')
  }

  #apply({ at, isGap, detail }: TapeChange): void {
    this.#gaps[at]! += isGap ? 1 : -1
    this.#onTape(at, this.isWhole(at), 'gap', detail)
  }
}
