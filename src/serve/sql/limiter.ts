/** Limits concurrent work: how much runs, how much waits, and for how long. */
export interface LimiterOptions {
  runningMax: number
  waitingMax: number
  waitMsMax: number
}

/**
 * For queries of untrusted clients, and separately for history of the page; its live metrics and candles are not
 * limited.
 */
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
   * Runs work in a slot, which is released when the work ends, or later by `keep`. Throws LimiterFull if too many wait
   * or no slot is free in time; the signal's reason if that aborts first. Started work runs to its end.
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
      if (kept) kept.finally(() => this.#release()).catch(() => {})
      else this.#release()
    }
  }

  #release(): void {
    const [next] = this.#waiting
    if (next) next()
    else this.#running--
  }

  /** Resolves with the slot of ended work. */
  #wait(signal: AbortSignal | undefined): Promise<void> {
    const { waitingMax, waitMsMax } = this.#limits
    if (this.#waiting.size >= waitingMax) throw new LimiterFull(`${waitingMax} queries already wait`)
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(begin)
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
      }
      const begin = () => {
        leave()
        resolve()
      }
      const abort = () => {
        leave()
        reject(signal?.reason)
      }
      const timer = setTimeout(() => {
        leave()
        reject(new LimiterFull(`other queries ran for ${waitMsMax} ms`))
      }, waitMsMax)
      signal?.addEventListener('abort', abort)
      this.#waiting.add(begin)
    })
  }
}
