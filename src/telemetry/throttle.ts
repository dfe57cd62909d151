import type { Emit, EventName, Fields } from './events.ts'

const EMIT_EVERY_MS = 60_000

/**
 * Emits an event that repeats, such as several times a second while a store is away, at most once per `everyMs` (a
 * minute); with `keyOf`, once for each key. Keys are kept for the lifetime of the process, so there must be few.
 */
export function throttleEvents(
  emit: Emit,
  everyMs = EMIT_EVERY_MS,
  elapsedMs: () => number = () => performance.now(),
  keyOf: (event: EventName, fields: Fields) => string = event => event,
): Emit {
  const emittedMs = new Map<string, number>()
  return (event, fields) => {
    const nowMs = elapsedMs()
    const key = keyOf(event, fields)
    if (nowMs < (emittedMs.get(key) ?? Number.NEGATIVE_INFINITY) + everyMs) return
    emittedMs.set(key, nowMs)
    emit(event, fields)
  }
}
