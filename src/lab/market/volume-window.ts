/** What was traded of each instrument in the last minute: a ring of seconds. */

const SECONDS = 60

export class VolumeWindow {
  readonly #volumes: Float64Array
  /** The second that each place of the ring counts. */
  readonly #seconds: Float64Array

  constructor(instruments: number) {
    this.#volumes = new Float64Array(instruments * SECONDS)
    this.#seconds = new Float64Array(instruments * SECONDS)
  }

  add(at: number, timeMicros: number, volume: number): void {
    const second = Math.floor(timeMicros / 1_000_000)
    const place = at * SECONDS + (second % SECONDS)
    if (this.#seconds[place] !== second) {
      this.#seconds[place] = second
      this.#volumes[place] = 0
    }
    this.#volumes[place]! += volume
  }

  /** Sum of the last 60 seconds, this one included. */
  sum(at: number, timeMicros: number): number {
    const oldest = Math.floor(timeMicros / 1_000_000) - SECONDS
    let sum = 0
    for (let place = at * SECONDS; place < (at + 1) * SECONDS; place++)
      if (this.#seconds[place]! > oldest) sum += this.#volumes[place]!
    return sum
  }
}
