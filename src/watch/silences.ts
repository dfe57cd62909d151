/**
 * Silences: alerts whose messages are suppressed for a time. In a file beside the state file: any process writes it,
 * each probe reads it.
 */
import { z } from 'zod'
import { MS_PER_DAY, MS_PER_HOUR } from '../clock.ts'
import { TickhouseError } from '../errors.ts'
import { readJson, writeJson } from './files.ts'

/** Silences all alerts. */
export const ALL = 'all'
const UNIT_MS: Record<string, number> = { m: 60_000, h: MS_PER_HOUR, d: MS_PER_DAY }
const SILENCE_MS_MAX = 30 * MS_PER_DAY

/** Until when each name is silenced, ms since 1970 UTC. */
export type Silences = Readonly<Record<string, number>>

const FILE = z.record(z.string(), z.number())

const fileOf = (stateFile: string) => `${stateFile}.silences`

/** The silences. An unreadable file silences nothing; `unreadable` is the reason. */
export async function readSilences(stateFile: string): Promise<{ silences: Silences; unreadable?: string }> {
  const file = fileOf(stateFile)
  try {
    return { silences: FILE.parse((await readJson(file)) ?? {}) }
  } catch (error) {
    const why = error instanceof z.ZodError ? 'not a file of silences' : (error as Error).message
    return { silences: {}, unreadable: `${file}: ${why}` }
  }
}

/** Silences a name from now on; 0 ms ends its silence. An unreadable file is replaced: resolves with the reason. */
export async function silence(
  stateFile: string,
  name: string,
  forMs: number,
  nowMs: number,
): Promise<string | undefined> {
  const { silences, unreadable } = await readSilences(stateFile)
  const lasting = Object.entries(silences).filter(([, untilMs]) => untilMs > nowMs)
  await writeJson(fileOf(stateFile), { ...Object.fromEntries(lasting), [name]: nowMs + forMs })
  return unreadable
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
  throw new TickhouseError('usage', `not a duration: ${text}`, 'Write it like 30m, 2h or 1d; at most 30d.')
}
