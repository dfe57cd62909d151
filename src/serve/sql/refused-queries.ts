import type { Emit } from '../../telemetry/events.ts'

const EMIT_EVERY_MS = 60_000
/** The most distinct reasons; further ones count as `other`. */
const REASONS_MAX = 100

/** The client disconnected before the answer: common when a dashboard refreshes, and not a refusal. */
export class ClientLeft extends Error {
  constructor() {
    super('the client left')
  }
}

/** Reports refused statements without flooding the log: once a minute for each reason, with the number left out. */
export class RefusedQueries {
  readonly #emit: Emit
  readonly #elapsedMs: () => number
  readonly #reasons = new Map<string, { atMs: number; leftOut: number }>()

  constructor(emit: Emit, elapsedMs: () => number = () => performance.now()) {
    this.#emit = emit
    this.#elapsedMs = elapsedMs
  }

  /** `named` is one of few words, such as the ClickHouse name of an error. */
  report(named: string, why: string): void {
    const reason = this.#reasons.has(named) || this.#reasons.size < REASONS_MAX ? named : 'other'
    const last = this.#reasons.get(reason)
    const nowMs = this.#elapsedMs()
    if (last && nowMs < last.atMs + EMIT_EVERY_MS) {
      last.leftOut++
      return
    }
    this.#reasons.set(reason, { atMs: nowMs, leftOut: 0 })
    this.#emit('query_refused', { reason, why, leftOut: last?.leftOut ?? 0 })
  }
}
