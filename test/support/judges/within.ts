import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 50
/** Longer than any wait takes on a busy machine; the error of a longer one names what was missing. */
export const WAIT_MS_MAX = 120_000

/** Resolves when a condition holds; rejects after `waitMs`. */
export function until(condition: () => boolean, waitMs = WAIT_MS_MAX): Promise<void> {
  return within(waitMs, async () => (condition() ? undefined : `not yet: ${condition}`))
}

/** Polls until `check` returns no problem; rejects with the last problem after `waitMs`. */
export async function within(waitMs: number, check: () => Promise<string | undefined>): Promise<void> {
  const endMs = performance.now() + waitMs
  for (;;) {
    const wrong = await check()
    if (wrong === undefined) return
    if (performance.now() > endMs) throw new Error(`still after ${waitMs} ms: ${wrong}`)
    await sleep(POLL_MS)
  }
}
