import type { Emit, EventName, Fields } from './events.ts'

const TOLD_EVERY_MS = 60_000

/**
 * Tells what happens again and again, such as several times a second while a store is away: each event once a minute, or in `everyMs`; with
 * `keyOf`, each of its kinds. Kinds are not forgotten: let there be few.
 */
export function throttleEvents(
  emit: Emit,
  everyMs = TOLD_EVERY_MS,
  elapsedMs: () => number = () => performance.now(),
  keyOf: (event: EventName, fields: Fields) => string = event => event,
): Emit {
  const toldMs = new Map<string, number>()
  return (event, fields) => {
    const nowMs = elapsedMs()
    const key = keyOf(event, fields)
    if (nowMs < (toldMs.get(key) ?? Number.NEGATIVE_INFINITY) + everyMs) return
    toldMs.set(key, nowMs)
    emit(event, fields)
  }
}
