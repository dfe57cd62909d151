import type { Emit } from '../telemetry/events.ts'
import type { Refusal } from '../tick/refusal.ts'

const DETAIL_CHARACTERS_MAX = 200

/**
 * Tells of one venue's refused frames without flooding: the first of each reason at once, the others as a sum, at most once
 * every `everyMs`. The exact counts are kept elsewhere, and every refused frame is in quarantine.
 */
export class RefusalReport {
  readonly #venue: string
  readonly #everyMs: number
  readonly #emit: Emit
  readonly #told = new Set<Refusal>()
  readonly #untold = new Map<Refusal, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(venue: string, everyMs: number, emit: Emit) {
    this.#venue = venue
    this.#everyMs = everyMs
    this.#emit = emit
  }

  add(reason: Refusal, detail: string): void {
    if (this.#told.has(reason)) {
      this.#untold.set(reason, (this.#untold.get(reason) ?? 0) + 1)
      this.#timer ??= setTimeout(() => this.#tellRest(), this.#everyMs)
    } else {
      this.#told.add(reason)
      this.#emit('frame_refused', { venue: this.#venue, reason, detail: detail.slice(0, DETAIL_CHARACTERS_MAX) })
    }
  }

  /** Tells what is untold; nothing after that. */
  close(): void {
    clearTimeout(this.#timer)
    if (this.#untold.size > 0) this.#tellRest()
  }

  #tellRest(): void {
    this.#timer = undefined
    let count = 0
    const reasons: string[] = []
    for (const [reason, times] of this.#untold) {
      count += times
      reasons.push(`${reason} ${times}`)
    }
    this.#untold.clear()
    this.#emit('frames_refused', { venue: this.#venue, count, reasons: reasons.join(', ') })
  }
}
