/**
 * The age of the last report of each source, by a monotonic clock: a report is dated here when it changes. Its own time
 * comes from a clock that may be set back, and would then count as young until that clock has caught up.
 */
export class LastSeen {
  readonly #bySource = new Map<string, { atMs: number; ageMs: number; sinceMs: number }>()

  /**
   * The age of the report of `source` at `atMs`, ms since 1970 UTC by its clock. The first report is as old as its
   * time.
   */
  ageMs(source: string, atMs: number): number {
    const nowMs = performance.now()
    let last = this.#bySource.get(source)
    if (last?.atMs !== atMs) {
      last = { atMs, ageMs: last ? 0 : Math.max(0, Date.now() - atMs), sinceMs: nowMs }
      this.#bySource.set(source, last)
    }
    return last.ageMs + nowMs - last.sinceMs
  }
}
