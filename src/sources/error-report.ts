import type { Emit, EventName, FieldsOf } from '../telemetry/events.ts'

/** Events that a venue's server can cause with every frame, each with the field in which repeats differ. */
const LIMITED: ReadonlyMap<EventName, string> = new Map([
  ['frame_refused', 'detail'],
  ['rate_limited', 'waitMs'],
  ['subscription_rejected', 'waitMs'],
  ['venue_error', ''],
  ['volume_differs', 'detail'],
])
/** Different errors reported one by one in an interval: enough for each symbol of a full connection. */
const REPORTED_MAX = 100

/**
 * Limits the log lines that one venue can cause: reports each different error once, and repeats and errors beyond a
 * bound as a sum, at most once per interval. After an interval without repeats, errors are reported one by one again.
 * Other events pass through. Refused frames differ by reason only; metrics have their exact count, and each of them is
 * in quarantine.
 */
export class ErrorReport {
  readonly #venue: string
  readonly #everyMs: number
  readonly #emit: Emit
  readonly #reported = new Set<string>()
  readonly #repeatedErrors = new Map<string, number>()
  readonly #repeatedRefusals = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(venue: string, everyMs: number, emit: Emit) {
    this.#venue = venue
    this.#everyMs = everyMs
    this.#emit = emit
  }

  readonly emit: Emit = <Name extends EventName>(event: Name, fields: FieldsOf<Name>) => {
    const varying = LIMITED.get(event)
    if (varying === undefined) {
      this.#emit(event, fields)
      return
    }
    this.#timer ??= setTimeout(() => this.#endInterval(), this.#everyMs)
    const key = JSON.stringify([event, { ...fields, [varying]: undefined }])
    const isRefusal = event === 'frame_refused'
    if (this.#reported.has(key) || (this.#reported.size >= REPORTED_MAX && !isRefusal)) {
      if (isRefusal) count(this.#repeatedRefusals, String((fields as FieldsOf<'frame_refused'>).reason))
      else count(this.#repeatedErrors, event)
    } else {
      this.#reported.add(key)
      this.#emit(event, fields)
    }
  }

  /** Reports the repeats so far; to be called when no more errors come. */
  close(): void {
    clearTimeout(this.#timer)
    this.#reportRepeats()
  }

  #endInterval(): void {
    this.#timer = this.#reportRepeats() ? setTimeout(() => this.#endInterval(), this.#everyMs) : undefined
    if (!this.#timer) this.#reported.clear()
  }

  /** True if there were repeats. */
  #reportRepeats(): boolean {
    const venue = this.#venue
    const errors = takeSum(this.#repeatedErrors)
    const refusals = takeSum(this.#repeatedRefusals)
    if (errors.count > 0) this.#emit('errors_repeated', { venue, count: errors.count, events: errors.text })
    if (refusals.count > 0) this.#emit('frames_refused', { venue, count: refusals.count, reasons: refusals.text })
    return errors.count + refusals.count > 0
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function takeSum(counts: Map<string, number>): { count: number; text: string } {
  const sum = {
    count: [...counts.values()].reduce((total, times) => total + times, 0),
    text: [...counts].map(([name, times]) => `${name} ${times}`).join(', '),
  }
  counts.clear()
  return sum
}
