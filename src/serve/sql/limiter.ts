/** Who may run now, and who waits: a bound on how many run at once, how many wait, and for how long. */
export interface LimiterOptions {
  runningMax: number
  waitingMax: number
  waitMsMax: number
}

/** Strangers' queries, and apart from them questions about the past; the page's live figures and candles take no turns. */
export const UNTRUSTED_LIMITS_IN_PARALLEL: LimiterOptions = { runningMax: 2, waitingMax: 32, waitMsMax: 30_000 }

export class LimiterFull extends Error {}

export class Limiter {
  readonly #limits: LimiterOptions
  readonly #waiting = new Set<() => void>()
  #running = 0

  constructor(limits: LimiterOptions) {
    this.#limits = limits
  }

  /**
   * Runs work in its turn, which ends with it, or later if it says so by `keep`. Throws NoTurn where too many wait, or the turn does
   * not come in time; the signal's reason where it comes first. What has begun runs to its end.
   */
  async run<T>(work: (keep: (until: Promise<unknown>) => void) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    if (this.#running >= this.#limits.runningMax) await this.#wait(signal)
    else this.#running++
    let kept: Promise<unknown> | undefined
    try {
      return await work(until => {
        kept = until
      })
    } finally {
      if (kept) kept.finally(() => this.#next()).catch(() => {})
      else this.#next()
    }
  }

  #next(): void {
    const [next] = this.#waiting
    if (next) next()
    else this.#running--
  }

  /** Resolves with the turn of someone who has ended. */
  #wait(signal: AbortSignal | undefined): Promise<void> {
    const { waitingMax, waitMsMax } = this.#limits
    if (this.#waiting.size >= waitingMax) throw new LimiterFull(`${waitingMax} queries already wait`)
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(begin)
        clearTimeout(timer)
        signal?.removeEventListener('abort', giveUp)
      }
      const begin = () => {
        leave()
        resolve()
      }
      const giveUp = () => {
        leave()
        reject(signal?.reason)
      }
      const timer = setTimeout(() => {
        leave()
        reject(new LimiterFull(`other queries ran for ${waitMsMax} ms`))
      }, waitMsMax)
      signal?.addEventListener('abort', giveUp)
      this.#waiting.add(begin)
    })
  }
}
