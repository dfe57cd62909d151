/**
 * Times of ticks as markets of several kinds would make them, the same for the same seed, and what a watcher knows of
 * them.
 */
import { type HourOfTicks, hourOfTicks } from '../../../src/watch/alerts/gap-model.ts'

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

/** Numbers from 0 to 1, not included: mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface Span {
  fromMs: number
  toMs: number
}

/** Ticks of a Poisson process whose rate, in ticks an hour, changes with time; never more than `perHourMax`. */
export function poissonTimes(
  { fromMs, toMs }: Span,
  perHourMax: number,
  perHour: (ms: number) => number,
  seed: number,
) {
  const random = randomOf(seed)
  const times: number[] = []
  for (let ms = fromMs; ; ) {
    ms += (-Math.log(1 - random()) * HOUR_MS) / perHourMax
    if (ms >= toMs) return times
    if (random() < perHour(ms) / perHourMax) times.push(Math.floor(ms))
  }
}

/** Each time becomes a burst: ticks up to `pauseMsMax` apart. */
export function withBursts(times: readonly number[], ticksMean: number, pauseMsMax: number, seed: number): number[] {
  const random = randomOf(seed)
  const all = times.flatMap(ms => {
    const burst = [ms]
    while (random() > 1 / ticksMean) burst.push(burst.at(-1)! + Math.floor(random() ** 2 * pauseMsMax))
    return burst
  })
  return all.sort((a, b) => a - b)
}

/**
 * Statistics a watcher has of one symbol's ticks at a time; it started at `sinceMs` and queries the current hour every
 * 10 minutes.
 */
export class KnownTicks {
  readonly times: readonly number[]
  readonly #sinceMs: number
  readonly #byHour: Map<number, number[]>
  readonly #hours: HourOfTicks[]

  constructor(times: readonly number[], sinceMs = times[0]!) {
    this.times = times
    this.#sinceMs = hourOf(sinceMs)
    this.#byHour = Map.groupBy(times, hourOf)
    this.#hours = [...this.#byHour].map(([hourMs, ofHour]) => hourOfTicks(hourMs, ofHour))
  }

  /** Hours with ticks, and all that are known, of the last eight days. */
  at(nowMs: number): [HourOfTicks[], Set<number>] {
    const running = hourOf(nowMs)
    const firstMs = Math.max(this.#sinceMs, running - 8 * DAY_MS)
    const known = new Set<number>()
    for (let hourMs = firstMs; hourMs <= running; hourMs += HOUR_MS) known.add(hourMs)
    const askedMs = Math.floor(nowMs / 600_000) * 600_000
    const begun = (this.#byHour.get(running) ?? []).filter(ms => ms < askedMs)
    const closed = this.#hours.filter(({ hourMs }) => hourMs >= firstMs && hourMs < running)
    return [begun.length > 0 ? [...closed, hourOfTicks(running, begun)] : closed, known]
  }
}

export function hourOf(ms: number): number {
  return Math.floor(ms / HOUR_MS) * HOUR_MS
}
