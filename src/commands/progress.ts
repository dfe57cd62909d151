/** Progress on the terminal's last line, twice a second; nothing without a terminal. */
export class Progress {
  readonly #unit: string
  readonly #total: number
  readonly #startedMs = performance.now()
  #shownMs = 0

  /** A `total` of 0 is not known. */
  constructor(unit: string, total: number) {
    this.#unit = unit
    this.#total = total
  }

  /** `note` is printed first. */
  show(done: number, note = ''): void {
    const nowMs = performance.now()
    if (!process.stderr.isTTY || (nowMs - this.#shownMs < 500 && done !== this.#total)) return
    this.#shownMs = nowMs
    const perSecond = (done * 1000) / Math.max(1, nowMs - this.#startedMs)
    const left = perSecond > 0 ? durationText((this.#total - done) / perSecond) : '?'
    const of = this.#total > 0 ? ` of ${count(this.#total)}` : ''
    const time = this.#total > 0 ? `, ${left} left` : ''
    process.stderr.write(`\r\x1b[K${note}${count(done)}${of} ${this.#unit}, ${count(perSecond)}/s${time}`)
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  }
}

/** A number with thousands separators. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

function durationText(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  const rest = String(Math.floor(seconds) % 60).padStart(2, '0')
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`
}
