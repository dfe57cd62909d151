import type { Emit, EventName } from './events.ts'

const TOLD_EVERY_MS = 60_000

/** Tells what happens again and again, such as several times a second while a store is away: each event once a minute, or in `everyMs`. */
export function rarely(emit: Emit, everyMs = TOLD_EVERY_MS, elapsedMs: () => number = () => performance.now()): Emit {
  const toldMs = new Map<EventName, number>()
  return (event, fields) => {
    const nowMs = elapsedMs()
    if (nowMs < (toldMs.get(event) ?? Number.NEGATIVE_INFINITY) + everyMs) return
    toldMs.set(event, nowMs)
    emit(event, fields)
  }
}
