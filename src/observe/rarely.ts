import type { Emit, EventName } from './events.ts'

const TOLD_EVERY_MS = 60_000

/** Tells what happens again and again, such as several times a second while a store is away: each event once a minute. */
export function rarely(emit: Emit): Emit {
  const toldMs = new Map<EventName, number>()
  return (event, fields) => {
    const nowMs = performance.now()
    if (nowMs < (toldMs.get(event) ?? Number.NEGATIVE_INFINITY) + TOLD_EVERY_MS) return
    toldMs.set(event, nowMs)
    emit(event, fields)
  }
}
