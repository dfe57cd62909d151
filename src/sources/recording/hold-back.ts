/**
 * A recorder that starts beside another one appends a little later: what the other one received before this one subscribed
 * is then in the log first. Otherwise ingest would see those ticks late: quotes as repeats, trades as gaps for a moment.
 */
export const HOLD_MS = 1_000

export class HoldBack {
  #holds = false
  #released = Promise.withResolvers<void>()

  get holds(): boolean {
    return this.#holds
  }

  hold(): void {
    this.#holds = true
  }

  release(): void {
    this.#holds = false
    this.#released.resolve()
  }

  /** Of records closed at these times by `performance.now`, in order: how many may be appended. Waits for the first. */
  async due(closedMs: readonly number[]): Promise<number> {
    while (this.#holds) {
      const before = performance.now() - HOLD_MS
      const first = closedMs.findIndex(ms => ms > before)
      if (first !== 0) return first < 0 ? closedMs.length : first
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, Math.min(HOLD_MS, closedMs[0]! - before))
      await Promise.race([promise, this.#released.promise])
      clearTimeout(timer)
    }
    return closedMs.length
  }
}
