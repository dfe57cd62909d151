/**
 * Whether the times of receipt agree with the venues' own: a trade is received a moment after the venue's time. If all trades of a
 * venue within a window come late, or before their time, the recorder's clock is wrong or the ticks are late; see
 * docs/decisions/clock.md.
 */
import type { Instrument } from '../market/instrument.ts'

/** Length of the windows, seconds. */
export const WINDOW_SECONDS = 10

export class VenueClocks {
  readonly #apartMicros: number
  /** The place of each instrument's venue in the arrays below. */
  readonly #venueOf: Uint16Array
  /** Time of receipt less the venue's time of the window's trades, µs. */
  readonly #least: Float64Array
  readonly #greatest: Float64Array
  readonly #isApart: Uint8Array

  /** Times that are more than `apartMicros` apart do not agree. */
  constructor(instruments: readonly Instrument[], apartMicros: number) {
    const venues = [...new Set(instruments.map(({ venue }) => venue))]
    this.#apartMicros = apartMicros
    this.#venueOf = Uint16Array.from(instruments, ({ venue }) => venues.indexOf(venue))
    this.#least = new Float64Array(venues.length).fill(Number.POSITIVE_INFINITY)
    this.#greatest = new Float64Array(venues.length).fill(Number.NEGATIVE_INFINITY)
    this.#isApart = new Uint8Array(venues.length)
  }

  isApart(at: number): boolean {
    return this.#isApart[this.#venueOf[at]!] === 1
  }

  /** Takes a trade of the instrument at `at`: its time of receipt less the venue's, µs. */
  see(at: number, lateMicros: number): void {
    const venue = this.#venueOf[at]!
    if (lateMicros < this.#least[venue]!) this.#least[venue] = lateMicros
    if (lateMicros > this.#greatest[venue]!) this.#greatest[venue] = lateMicros
  }

  /** Ends the window. Calls with each instrument whose venue changed. A venue without trades stays as it is. */
  check(onChange: (at: number, detail: string) => void): void {
    for (let venue = 0; venue < this.#isApart.length; venue++) {
      const [least, greatest] = [this.#least[venue]!, this.#greatest[venue]!]
      this.#least[venue] = Number.POSITIVE_INFINITY
      this.#greatest[venue] = Number.NEGATIVE_INFINITY
      if (least > greatest) continue
      const isApart = least > this.#apartMicros || greatest < -this.#apartMicros ? 1 : 0
      if (this.#isApart[venue] === isApart) continue
      this.#isApart[venue] = isApart
      const detail = isApart ? describe(least, greatest) : "times of receipt agree with the venue's again"
      for (let at = 0; at < this.#venueOf.length; at++) if (this.#venueOf[at] === venue) onChange(at, detail)
    }
  }
}

function describe(least: number, greatest: number): string {
  if (least > 0)
    return `trades are received ${seconds(least)} s after the venue's time: the clock is ahead, or they are late`
  return `trades are received ${seconds(-greatest)} s before the venue's time: the clock is behind`
}

const seconds = (micros: number): string => (micros / 1e6).toFixed(1)
