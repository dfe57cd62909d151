import type { Emit, EventName, FieldsOf } from '../telemetry/events.ts'

/** What a venue's server may cause with every frame it sends. */
const CAUSED: ReadonlySet<EventName> = new Set(['subscription_rejected', 'venue_error', 'rate_limited'])
/** Unlike ones told one by one until the next sum: enough for each symbol of a full connection. */
const TOLD_MAX = 100

/**
 * Tells of one venue's error messages without flooding: unlike ones at once, repeats and those beyond a bound as a sum, at most
 * once every `everyMs`. Other events pass through.
 */
export class ErrorReport {
  readonly #venue: string
  readonly #everyMs: number
  readonly #emit: Emit
  readonly #told = new Set<string>()
  readonly #untold = new Map<EventName, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(venue: string, everyMs: number, emit: Emit) {
    this.#venue = venue
    this.#everyMs = everyMs
    this.#emit = emit
  }

  readonly emit: Emit = <Name extends EventName>(event: Name, fields: FieldsOf<Name>) => {
    if (!CAUSED.has(event)) {
      this.#emit(event, fields)
      return
    }
    this.#timer ??= setTimeout(() => this.#sumUp(), this.#everyMs)
    const { waitMs: _, ...said } = fields
    const key = JSON.stringify([event, said])
    if (this.#told.has(key) || this.#told.size === TOLD_MAX) {
      this.#untold.set(event, (this.#untold.get(event) ?? 0) + 1)
    } else {
      this.#told.add(key)
      this.#emit(event, fields)
    }
  }

  /** Tells what is untold; to be called when nothing more comes. */
  close(): void {
    clearTimeout(this.#timer)
    this.#tellRest()
  }

  /** What goes on is only counted until a while passes without any. */
  #sumUp(): void {
    this.#timer = this.#tellRest() ? setTimeout(() => this.#sumUp(), this.#everyMs) : undefined
    if (!this.#timer) this.#told.clear()
  }

  #tellRest(): boolean {
    const count = [...this.#untold.values()].reduce((sum, times) => sum + times, 0)
    const events = [...this.#untold].map(([event, times]) => `${event} ${times}`).join(', ')
    this.#untold.clear()
    if (count > 0) this.#emit('errors_repeated', { venue: this.#venue, count, events })
    return count > 0
  }
}
