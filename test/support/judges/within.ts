import { setTimeout as sleep } from 'node:timers/promises'

const ASK_EVERY_MS = 50

/** Asks until nothing is wrong any more; `ask` says what still is. */
export async function within(waitMs: number, ask: () => Promise<string | undefined>): Promise<void> {
  const endMs = performance.now() + waitMs
  for (;;) {
    const wrong = await ask()
    if (wrong === undefined) return
    if (performance.now() > endMs) throw new Error(`still after ${waitMs} ms: ${wrong}`)
    await sleep(ASK_EVERY_MS)
  }
}
