/** Virtual time: what is going to happen, in order. Nothing happens but what is taken off it, one thing at a time. */
import type { Random } from '../../src/simulator/random.ts'

/** Something that will happen unless it is cancelled. */
export interface Moment {
  atMs: number
  act: (() => void) | undefined
}

export class Timeline {
  nowMs = 0
  readonly random: Random
  /** Latest first, so that the next is at the end. */
  readonly #moments: Moment[] = []

  constructor(random: Random) {
    this.random = random
  }

  /** Makes something happen after so long; of two at the same moment the one asked for first is first. */
  after(ms: number, act: () => void): Moment {
    const moment = { atMs: this.nowMs + ms, act }
    let at = this.#moments.length
    while (at > 0 && this.#moments[at - 1]!.atMs <= moment.atMs) at--
    this.#moments.splice(at, 0, moment)
    return moment
  }

  /** Lets the next thing happen; false when nothing is going to. */
  step(): boolean {
    const moment = this.#moments.pop()
    if (!moment) return false
    this.nowMs = moment.atMs
    moment.act?.()
    return true
  }

  chance(probability: number): boolean {
    return probability > 0 && this.random.uniform() < probability
  }

  /** A whole number from 0 up to, not including, `below`. */
  below(below: number): number {
    return Math.floor(this.random.uniform() * below)
  }

  /** A time that is short as a rule and now and then long, up to `msMax`. */
  delayMs(msMax: number): number {
    return msMax * this.random.uniform() ** 4
  }
}
