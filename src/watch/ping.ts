/** The dead man's switch: a service that is asked once a minute tells somebody when it no longer is. */
import type { Emit } from '../telemetry/events.ts'
import { reasonOf } from './instance-client.ts'

const EVERY_MS = 60_000
const ANSWER_MS_MAX = 5_000

export class Ping {
  readonly #url: string | undefined
  readonly #emit: Emit
  #sentMs = Number.NEGATIVE_INFINITY

  /** Does nothing without an address. */
  constructor(url: string | undefined, emit: Emit) {
    this.#url = url
    this.#emit = emit
  }

  /** Asks if it is time. Never rejects: the service on the other side notices what does not come. */
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
