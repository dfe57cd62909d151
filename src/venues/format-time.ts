const NANOS_PER_SECOND = 1_000_000_000n

/** Times as RFC 3339 text. Ticks come in order of time, so that the seconds' part is mostly the one before. */
export class TimeText {
  #second = -1n
  #text = ''

  /** ns since 1970 UTC as `2026-11-22T12:00:00.123456Z`: six digits, nine where there is more. */
  of(nanos: bigint): string {
    const second = nanos / NANOS_PER_SECOND
    if (second !== this.#second) {
      this.#second = second
      this.#text = new Date(Number(second) * 1000).toISOString().slice(0, 20)
    }
    const fraction = String(nanos - second * NANOS_PER_SECOND).padStart(9, '0')
    return `${this.#text}${fraction.endsWith('000') ? fraction.slice(0, 6) : fraction}Z`
  }
}
