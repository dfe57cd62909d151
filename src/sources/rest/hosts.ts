/**
 * REST requests of a process: one at a time for each host, within its limits, whatever they are for: instruments, quote
 * checks, missing trades. A pause that a host requests is kept across restarts.
 */
import { BACKGROUND_CLOCK, type Clock, timerMs } from '../../clock.ts'
import type { RestAnswer, RestLimits } from '../../venues/repair/repairer.ts'
import { parseRetryAfter } from '../../venues/retry-after.ts'
import { VERSION } from '../../version.ts'
import { denialOfStatus } from '../connection/denial.ts'
import { TIMINGS, type Timings } from '../connection/timings.ts'
import { HostBudget } from './host-budget.ts'
import type { KeptPauses } from './kept-pauses.ts'

/** Of a host's weight: what missing trades may use, and everything else. The rest is for other programs. */
export const REPAIR_SHARE = 0.5
const SHARE = 0.8
/** Binance's whole list of instruments is some 10 MB. */
const ANSWER_BYTES_MAX = 64 * 2 ** 20
/** Bytes of an error's body that are read. */
const ERROR_BYTES_MAX = 4_096
const TIMED_OUT = 'The operation was aborted due to timeout'
const NEVER = new AbortController().signal

export interface SendOptions {
  /** For the request itself, ms; not for the wait before. */
  timeoutMs: number
  signal?: AbortSignal | undefined
  headers?: Readonly<Record<string, string>> | undefined
  /** JSON: makes it a POST. */
  body?: string | undefined
  weight?: number
  share?: number
  bytesMax?: number
}

/** The venue answered with an HTTP error. */
export class RestRefused extends Error {
  readonly status: number
  /** The wait that it requests, ms; undefined if it states none. */
  readonly waitMs: number | undefined
  readonly answer: RestAnswer

  constructor(answer: RestAnswer, waitMs: number | undefined) {
    super(`HTTP status ${answer.status}`)
    this.status = answer.status
    this.waitMs = waitMs
    this.answer = answer
  }
}

interface Host {
  budget: HostBudget
  /** Resolves when the request in flight has ended. */
  busy: Promise<void> | undefined
}

export interface RestHostsOptions {
  timings?: Timings | undefined
  /** Pauses of earlier runs; kept in memory only if absent. */
  kept?: KeptPauses | undefined
  /** For simulations. */
  clock?: Clock
  fetch?: typeof fetch
}

export class RestHosts {
  readonly #timings: Timings
  readonly #kept: KeptPauses | undefined
  readonly #clock: Clock
  readonly #fetch: typeof fetch
  readonly #hosts = new Map<string, Host>()

  constructor({ timings = TIMINGS, kept, clock = BACKGROUND_CLOCK, fetch: send = fetch }: RestHostsOptions = {}) {
    this.#timings = timings
    this.#kept = kept
    this.#clock = clock
    this.#fetch = send
  }

  /** States what a REST address allows. */
  limit(rest: string, limits: RestLimits): void {
    this.#hostOf(rest).budget.limit(limits)
  }

  /** How long the host of an address must not be used, ms. */
  pausedMs(rest: string): number {
    return this.#hostOf(rest).budget.pausedMs(this.#clock.elapsedMs())
  }

  /** No request to the host before then: an answer requested a pause in its body. */
  async pause(rest: string, waitMs: number): Promise<void> {
    const { host } = new URL(rest)
    this.#hostOf(rest).budget.pause(this.#clock.elapsedMs() + waitMs)
    await this.#kept?.keep(host, waitMs)
  }

  /**
   * Sends a request when it may be sent and reads its answer whole. Rejects with RestRefused for an HTTP error, with the
   * reason of the signal, and with an error whose message is the reason for anything else.
   */
  async send(rest: string, path: string, options: SendOptions): Promise<RestAnswer> {
    const host = this.#hostOf(rest)
    const ended = await this.#turn(host, options)
    try {
      host.budget.sent(options.weight ?? 1, this.#clock.elapsedMs())
      const answer = await this.#request(`${rest}${path}`, options)
      const { status, headers } = answer
      const used = host.budget.usedHeader === undefined ? undefined : headers[host.budget.usedHeader]
      const serverMs = Date.parse(headers.date ?? '')
      const stated = { used: /^\d+$/.test(used ?? '') ? Number(used) : undefined }
      host.budget.answered(
        { ...stated, serverMs: Number.isNaN(serverMs) ? undefined : serverMs },
        this.#clock.elapsedMs(),
      )
      if (status >= 200 && status < 300) return answer
      throw await this.#refused(rest, answer)
    } finally {
      ended()
    }
  }

  /** Pauses the host where the answer requests it: known after a restart before anything else is sent. */
  async #refused(rest: string, answer: RestAnswer): Promise<RestRefused> {
    const { status, headers, body } = answer
    const nowMs = Math.floor(this.#clock.nowMicros() / 1000)
    const denial = denialOfStatus(status, headers, body, this.#timings, nowMs)
    if (denial) await this.pause(rest, denial.waitMs)
    return new RestRefused(answer, parseRetryAfter(headers['retry-after'], nowMs, headers.date))
  }

  /** Resolves when a request may be sent, with a function to call when it has ended. */
  async #turn(host: Host, { weight = 1, share = SHARE, signal = NEVER }: SendOptions): Promise<() => void> {
    for (;;) {
      signal.throwIfAborted()
      const waitMs = host.budget.waitMs(weight, share, this.#clock.elapsedMs())
      if (waitMs > 0) await this.#clock.sleep(timerMs(waitMs), signal)
      else if (host.busy) await host.busy
      else break
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    host.busy = promise
    return () => {
      host.busy = undefined
      resolve()
    }
  }

  async #request(
    url: string,
    { timeoutMs, signal, headers, body, bytesMax = ANSWER_BYTES_MAX }: SendOptions,
  ): Promise<RestAnswer> {
    const timeout = new AbortController()
    const cancel = this.#clock.after(timeoutMs, () => timeout.abort(new DOMException(TIMED_OUT, 'TimeoutError')))
    try {
      const response = await this.#fetch(url, {
        signal: signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal,
        // Coinbase requires a User-Agent.
        headers: {
          'User-Agent': `tickhouse/${VERSION}`,
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { method: 'POST', body }),
      })
      const chunks: Uint8Array[] = []
      let bytes = 0
      for await (const chunk of response.body ?? []) {
        chunks.push(chunk)
        bytes += chunk.length
        if (!response.ok && bytes > ERROR_BYTES_MAX) break
        if (bytes > bytesMax) throw new Error(`the answer is longer than ${bytesMax} bytes`)
      }
      return {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        body: Buffer.concat(chunks).toString(),
      }
    } finally {
      cancel()
    }
  }

  #hostOf(rest: string): Host {
    const { host } = new URL(rest)
    const known = this.#hosts.get(host)
    if (known) return known
    const budget = new HostBudget({ apartMs: this.#timings.symbolListApartMs })
    budget.pause(this.#clock.elapsedMs() + (this.#kept?.waitMs(host) ?? 0))
    const made: Host = { budget, busy: undefined }
    this.#hosts.set(host, made)
    return made
  }
}

/** The reason of a failed `fetch` is in its cause. */
export function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : message
}
