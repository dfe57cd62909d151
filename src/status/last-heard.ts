/**
 * How long ago something was last said, by a clock that never falls: when it says something new is noted here, since the time it puts on
 * it is of a clock that may be set back, and would then count as young until it has caught up.
 */
export class LastHeard {
  readonly #of = new Map<string, { atMs: number; ageMs: number; sinceMs: number }>()

  /** The age of what `who` said at `atMs`, ms since 1970 UTC by its own clock. What is seen first is as old as it says. */
  ageMs(who: string, atMs: number): number {
    const nowMs = performance.now()
    let last = this.#of.get(who)
    if (last?.atMs !== atMs) {
      last = { atMs, ageMs: last ? 0 : Math.max(0, Date.now() - atMs), sinceMs: nowMs }
      this.#of.set(who, last)
    }
    return last.ageMs + nowMs - last.sinceMs
  }
}
