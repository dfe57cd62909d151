/**
 * Whether what a model is played with is distributed as its training rows were: the population stability index of each feature, and of the
 * probabilities. A window is over when `seconds` have passed since its first row and it has `ROWS_MIN` rows; the next row begins another. So it
 * depends on the rows alone. Nothing is allocated per row.
 */
import { z } from 'zod'

/** Bins (-∞, edges[0]], (edges[0], edges[1]], …, and one of what is not known. All shares together are 1. */
export const DISTRIBUTION = z
  .object({
    /** Ascending. */
    edges: z.array(z.number()),
    /** One more than edges. */
    shares: z.array(z.number().min(0).max(1)),
    unknown: z.number().min(0).max(1),
  })
  .refine(
    ({ edges, shares }) =>
      shares.length === edges.length + 1 && edges.every((edge, at) => at === 0 || edge > edges[at - 1]!),
    'edges ascend, and there is one share more than edges',
  )
export type Distribution = z.output<typeof DISTRIBUTION>

/** Of the index, 0.02 is chance alone with so many independent rows and eleven bins. */
export const ROWS_MIN = 500
/** An empty bin counts as so much: the index stays finite. */
const SHARE_MIN = 1e-4
const MICROS = 1_000_000

/** Σ (share - training share) · ln(share / training share). `counts` has a bin for each share, then one of what is not known. */
export function stabilityIndex({ shares, unknown }: Distribution, counts: Int32Array): number {
  let rows = 0
  for (const count of counts) rows += count
  let index = 0
  for (let bin = 0; bin < counts.length; bin++) {
    const trained = Math.max(bin < shares.length ? shares[bin]! : unknown, SHARE_MIN)
    const played = Math.max(counts[bin]! / rows, SHARE_MIN)
    index += (played - trained) * Math.log(played / trained)
  }
  return index
}

export interface DriftOptions {
  /** Of the values, in their order, and, if it is known, of the probability. */
  distributions: readonly Distribution[]
  names: readonly string[]
  /** Of a window. */
  seconds: number
  /** Of the index. */
  bound: number
}

export class Drift {
  readonly bound: number
  readonly #distributions: readonly Distribution[]
  readonly #names: readonly string[]
  readonly #counts: readonly Int32Array[]
  readonly #micros: number
  #fromMicros = 0
  #rows = 0

  constructor({ distributions, names, seconds, bound }: DriftOptions) {
    this.bound = bound
    this.#distributions = distributions
    this.#names = names
    this.#counts = distributions.map(({ shares }) => new Int32Array(shares.length + 1))
    this.#micros = seconds * MICROS
  }

  /** Takes a row. If it is the first after a window, `report` gets each of that window whose index is above the bound. */
  add(
    timeMicros: number,
    values: Float64Array,
    probability: number,
    report: (name: string, index: number) => void,
  ): void {
    if (this.#rows >= ROWS_MIN && timeMicros >= this.#fromMicros + this.#micros) this.#compare(report)
    if (this.#rows++ === 0) this.#fromMicros = timeMicros
    for (let at = 0; at < values.length; at++) this.#count(at, values[at]!)
    if (this.#distributions.length > values.length) this.#count(values.length, probability)
  }

  #count(at: number, value: number): void {
    const { edges } = this.#distributions[at]!
    let bin = 0
    if (Number.isFinite(value)) while (bin < edges.length && value > edges[bin]!) bin++
    else bin = edges.length + 1
    this.#counts[at]![bin]!++
  }

  #compare(report: (name: string, index: number) => void): void {
    for (const [at, counts] of this.#counts.entries()) {
      const index = stabilityIndex(this.#distributions[at]!, counts)
      if (index > this.bound) report(this.#names[at]!, index)
      counts.fill(0)
    }
    this.#rows = 0
  }
}
