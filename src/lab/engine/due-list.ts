/** What is due at times that are known before, in order of time. */
export class DueList<T extends { readonly timeMicros: number }> {
  /** When the next one is due, µs; Infinity if none is. */
  nextMicros = Number.POSITIVE_INFINITY
  readonly #call: (due: T) => void
  #all: readonly T[] = []
  #next = 0

  /** `call` is called with each by `run`. */
  constructor(call: (due: T) => void) {
    this.#call = call
  }

  /** Adds more. Those of a time that is over are due now; of one time, those that were added first come first. */
  add(more: readonly T[]): void {
    if (more.length === 0) return
    this.#all = [...this.#all.slice(this.#next), ...more].sort((a, b) => a.timeMicros - b.timeMicros)
    this.#next = 0
    this.nextMicros = this.#all[0]!.timeMicros
  }

  /** Calls with the next one. */
  run(): void {
    const due = this.#all[this.#next++]!
    this.nextMicros = this.#all[this.#next]?.timeMicros ?? Number.POSITIVE_INFINITY
    this.#call(due)
  }
}
