/** Alerts whose messages are kept back on request, in a file beside the watcher's own: written by whoever asks, read at each probe. */
import { z } from 'zod'
import { TickhouseError } from '../errors.ts'
import { readJson, writeJson } from './files.ts'

/** Silences all alerts. */
export const ALL = 'all'
const UNIT_MS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 }
const SILENCE_MS_MAX = 30 * 86_400_000

/** Until when each name is silenced, ms since 1970 UTC. */
export type Silences = Readonly<Record<string, number>>

const FILE = z.record(z.string(), z.number())

const fileOf = (state: string) => `${state}.silences`

/** What is silenced, `state` being the watcher's file. Nothing is where that cannot be read, and `unread` says why, in words. */
export async function readSilences(state: string): Promise<{ silences: Silences; unread?: string }> {
  const file = fileOf(state)
  try {
    return { silences: FILE.parse((await readJson(file)) ?? {}) }
  } catch (error) {
    const why = error instanceof z.ZodError ? 'it holds something else' : (error as Error).message
    return { silences: {}, unread: `${file}: ${why}` }
  }
}

/** Silences a name from now on; 0 ms ends its silence. A file that cannot be read is replaced: resolves with why it could not. */
export async function silence(state: string, name: string, forMs: number, nowMs: number): Promise<string | undefined> {
  const { silences, unread } = await readSilences(state)
  const kept = Object.entries(silences).filter(([, untilMs]) => untilMs > nowMs)
  await writeJson(fileOf(state), { ...Object.fromEntries(kept), [name]: nowMs + forMs })
  return unread
}

/** Until when a name is silenced; 0 if it is not. */
export function silencedUntilMs(silences: Silences, name: string): number {
  return Math.max(silences[name] ?? 0, silences[ALL] ?? 0)
}

/** `30m`, `2h`, `1d` in ms. Throws `usage`. */
export function parseDuration(text: string): number {
  const [, count, unit] = /^(\d+)([mhd])$/.exec(text) ?? []
  const ms = Number(count) * (UNIT_MS[unit ?? ''] ?? Number.NaN)
  if (ms > 0 && ms <= SILENCE_MS_MAX) return ms
  throw new TickhouseError('usage', `not a time to be silent for: ${text}`, 'Write it like 30m, 2h or 1d; 30d at most.')
}
