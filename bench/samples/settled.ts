/** When everything that was sent is stored. */
import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves once a count has not changed for `afterMs`. */
export async function settled(count: () => Promise<number>, afterMs: number): Promise<void> {
  for (let last = -1, now = await count(); now !== last; now = await count()) {
    last = now
    await sleep(afterMs)
  }
}
