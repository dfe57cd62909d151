/** The dead man's switch: a service is pinged every minute, and alerts somebody when the pings stop. */
import type { Emit } from '../telemetry/events.ts'
import { reasonOf } from './instance-client.ts'

const EVERY_MS = 60_000
const ANSWER_MS_MAX = 5_000

export class Ping {
  readonly #url: string | undefined
  readonly #emit: Emit
  #sentMs = Number.NEGATIVE_INFINITY

  /** Does nothing without a URL. */
  constructor(url: string | undefined, emit: Emit) {
    this.#url = url
    this.#emit = emit
  }

  /** Pings if it is time; `nowMs` by a monotonic clock. Never rejects: the service notices missing pings. */
  async send(nowMs: number): Promise<void> {
    if (this.#url === undefined || nowMs < this.#sentMs + EVERY_MS) return
    this.#sentMs = nowMs
    try {
      const answer = await fetch(this.#url, { signal: AbortSignal.timeout(ANSWER_MS_MAX) })
      await answer.arrayBuffer()
      if (!answer.ok) throw new Error(`status ${answer.status}`)
    } catch (error) {
      this.#emit('watch_unpinged', { why: reasonOf(error) })
    }
  }
}
