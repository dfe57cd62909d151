import { HOLD_MS, type HoldBack } from '../recording/hold-back.ts'
import type { Handover } from './handover.ts'
import type { Readiness } from './readiness.ts'

/** Appends wait no longer than this for subscriptions that are not answered. */
const HELD_BACK_MS_MAX = 60_000
const CHECK_MS = 100

/**
 * Delays appends beside another recorder: until each subscription is answered and its first ticks have waited, or the
 * other one has stopped.
 */
export function appendLater(holdBack: HoldBack, handover: Handover, readiness: Readiness, stopping: AbortSignal): void {
  holdBack.hold()
  handover.onTaken = () => holdBack.release()
  const startedMs = performance.now()
  let readyMs: number | undefined
  const timer = setInterval(() => {
    const nowMs = performance.now()
    if (readiness.missing().length === 0) readyMs ??= nowMs
    if (nowMs < (readyMs ?? startedMs + HELD_BACK_MS_MAX) + HOLD_MS) return
    clearInterval(timer)
    holdBack.release()
  }, CHECK_MS)
  stopping.addEventListener('abort', () => clearInterval(timer), { once: true })
}
