/** Calls at multiples of periods, in the engine's time. */

interface Repeated {
  periodMicros: number
  nextMicros: number
  call: (timeMicros: number) => void
}

export class Schedule {
  /** When the next call is due, µs; Infinity if none is. */
  nextMicros = Number.POSITIVE_INFINITY
  readonly #repeated: Repeated[] = []

  /** Calls due at one time happen in the order in which they were added. */
  every(periodMicros: number, call: (timeMicros: number) => void): void {
    this.#repeated.push({ periodMicros, nextMicros: Number.POSITIVE_INFINITY, call })
  }

  /** The first calls are due at the first multiples after a time. */
  start(timeMicros: number): void {
    for (const each of this.#repeated)
      each.nextMicros = (Math.floor(timeMicros / each.periodMicros) + 1) * each.periodMicros
    this.#findNext()
  }

  /** Makes the calls of the earliest time that is due: call while `nextMicros` is reached. */
  run(): void {
    const timeMicros = this.nextMicros
    for (const each of this.#repeated) {
      if (each.nextMicros !== timeMicros) continue
      each.nextMicros += each.periodMicros
      each.call(timeMicros)
    }
    this.#findNext()
  }

  #findNext(): void {
    let next = Number.POSITIVE_INFINITY
    for (const { nextMicros } of this.#repeated) if (nextMicros < next) next = nextMicros
    this.nextMicros = next
  }
}
