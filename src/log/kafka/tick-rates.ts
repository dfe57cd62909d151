/** The mean of the ticks that the records of a partition hold, by those seen last: Kafka keeps no counts. */
const SEEN_RECORDS_MAX = 10_000

export class TicksPerRecord {
  #ticks = 0
  #records = 0

  /** Older records count less and less. */
  learn(ticks: number): void {
    this.#ticks += ticks
    this.#records += 1
    if (this.#records < SEEN_RECORDS_MAX) return
    this.#ticks /= 2
    this.#records /= 2
  }

  get mean(): number {
    return this.#ticks / Math.max(1, this.#records)
  }
}
