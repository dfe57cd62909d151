import type { Emit } from '../../telemetry/events.ts'

const TOLD_EVERY_MS = 60_000
/** Reasons kept apart; any beyond count as one. */
const REASONS_MAX = 100

/** Whoever asked went away before the answer: common where a dashboard refreshes, and no refusal. */
export class ClientLeft extends Error {
  constructor() {
    super('the client left')
  }
}

/** Tells of refused statements without letting whoever asks fill the log: once a minute for each reason, with how many it left out. */
export class RefusedQueries {
  readonly #emit: Emit
  readonly #elapsedMs: () => number
  readonly #told = new Map<string, { atMs: number; leftOut: number }>()

  constructor(emit: Emit, elapsedMs: () => number = () => performance.now()) {
    this.#emit = emit
    this.#elapsedMs = elapsedMs
  }

  /** `reason` is one of few words, such as ClickHouse's name of an error. */
  refused(named: string, why: string): void {
    const reason = this.#told.has(named) || this.#told.size < REASONS_MAX ? named : 'other'
    const told = this.#told.get(reason)
    const nowMs = this.#elapsedMs()
    if (told && nowMs < told.atMs + TOLD_EVERY_MS) {
      told.leftOut++
      return
    }
    this.#told.set(reason, { atMs: nowMs, leftOut: 0 })
    this.#emit('query_refused', { reason, why, leftOut: told?.leftOut ?? 0 })
  }
}
