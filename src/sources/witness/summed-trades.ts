/**
 * The volumes of a symbol's trades by minute, summed exactly, beside those that the venue states. A minute is compared only if as many trades
 * of it arrived, with ids without a hole, as the venue counts: then both sums are of the same trades. Pure; all times are the venue's.
 */
import type { Witness } from '../../venues/venue.ts'

const MINUTE_MICROS = 60_000_000
/** Volumes are summed in units of 1e-8: no venue states more decimals. */
const PLACES = 8
const UNITS = 1e8
/** A decimal of up to 15 significant digits has all 8 of them below this, and one less from each tenfold on. */
const ALL_PLACES_BELOW = 1e7
const DECIMAL = /^(\d+)(?:\.(\d*?)0*)?$/

/** Both as decimals. */
export interface VolumeDifference {
  sinceMicros: number
  trades: number
  stated: string
  received: string
}

class Minute {
  sinceMicros = Number.NEGATIVE_INFINITY
  trades = 0
  #firstId = 0
  #lastId = 0
  /** The sum: a whole number, and units of 1e-8. Both are exact below 2^53. */
  #whole = 0
  #units = 0
  #isExact = true
  #stated: Witness | undefined
  #isCompared = false

  begin(sinceMicros: number): void {
    this.sinceMicros = sinceMicros
    this.trades = 0
    this.#whole = 0
    this.#units = 0
    this.#isExact = true
    this.#stated = undefined
    this.#isCompared = false
  }

  /** Allocates nothing. */
  add(id: number, volume: number): void {
    if (this.trades++ === 0) this.#firstId = id
    this.#lastId = id
    const whole = Math.floor(volume)
    this.#whole += whole
    // The difference of a double and its floor is exact.
    const part = volume - whole
    this.#units += volume < ALL_PLACES_BELOW ? Math.round(part * UNITS) : this.#roundedUnits(volume, part)
  }

  /** Of a large volume: rounded to the decimals that it can have. */
  #roundedUnits(volume: number, part: number): number {
    let size = 1
    for (let limit = ALL_PLACES_BELOW; volume >= limit && size < UNITS; limit *= 10) size *= 10
    if (size === UNITS && part !== 0) this.#isExact = false
    return Math.round(part * (UNITS / size)) * size
  }

  /** The last statement about it counts. */
  stated(witness: Witness): void {
    if (!this.#isCompared) this.#stated = witness
  }

  /** Once: undefined where it cannot be compared, or is equal. */
  difference(): VolumeDifference | undefined {
    const stated = this.#stated
    if (stated?.volume === undefined || stated.trades !== this.trades || this.trades === 0) return undefined
    const isWhole = this.#isExact && this.#lastId - this.#firstId + 1 === this.trades
    const theirs = unitsOf(stated.volume)
    if (!isWhole || theirs === undefined || this.#whole >= Number.MAX_SAFE_INTEGER) return undefined
    this.#stated = undefined
    this.#isCompared = true
    const ours = BigInt(this.#whole) * BigInt(UNITS) + BigInt(this.#units)
    if (ours === theirs) return undefined
    const { sinceMicros, trades } = this
    return { sinceMicros, trades, stated: stated.volume, received: textOf(ours) }
  }
}

export class SummedTrades {
  /** The last minute of which anything is known, and the one before. */
  #current = new Minute()
  #before = new Minute()
  #isWitnessed = false

  /** A new trade, of this id and time, µs since 1970 UTC. Nothing is summed before the venue states a volume. Allocates nothing. */
  add(id: number, micros: number, volume: number): void {
    if (!this.#isWitnessed) return
    if (micros >= this.#current.sinceMicros + MINUTE_MICROS)
      this.#begin(Math.floor(micros / MINUTE_MICROS) * MINUTE_MICROS)
    if (micros >= this.#current.sinceMicros) this.#current.add(id, volume)
    else if (micros >= this.#before.sinceMicros) this.#before.add(id, volume)
  }

  /** The venue states a minute. Returns how the minute before it differs, once. */
  stated(witness: Witness): VolumeDifference | undefined {
    if (witness.volume === undefined) return undefined
    const { sinceMicros } = witness
    if (!this.#isWitnessed) {
      this.#isWitnessed = true
      this.#current.begin(sinceMicros)
    } else if (sinceMicros > this.#current.sinceMicros) this.#begin(sinceMicros)
    if (sinceMicros === this.#before.sinceMicros) this.#before.stated(witness)
    if (sinceMicros !== this.#current.sinceMicros) return undefined
    this.#current.stated(witness)
    return this.#before.difference()
  }

  #begin(sinceMicros: number): void {
    const reused = this.#before
    this.#before = this.#current
    this.#current = reused
    reused.begin(sinceMicros)
  }
}

/** Units of 1e-8; undefined for what has more decimals. */
function unitsOf(decimal: string): bigint | undefined {
  const [, whole, places = ''] = DECIMAL.exec(decimal) ?? []
  return whole === undefined || places.length > PLACES ? undefined : BigInt(whole + places.padEnd(PLACES, '0'))
}

function textOf(units: bigint): string {
  const digits = String(units).padStart(PLACES + 1, '0')
  return `${digits.slice(0, -PLACES)}.${digits.slice(-PLACES)}`
}
