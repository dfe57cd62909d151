/** What a watcher keeps over its own end: open alerts, messages not sent yet, and how well the house was. */
import fs from 'node:fs'
import { type AlertState, type Message, NO_ALERTS } from './alerts.ts'
import { type Availability, NOTHING_WATCHED } from './availability.ts'
import { readJson, writeJson } from './files.ts'

const VERSION = 1

/** A message, and the routes that have not taken it yet, by name. */
export interface Unsent {
  message: Message
  routes: readonly string[]
}

export interface Memory {
  alerts: AlertState
  unsent: readonly Unsent[]
  availability: Availability
}

export const EMPTY: Memory = { alerts: NO_ALERTS, unsent: [], availability: NOTHING_WATCHED }

/** What was kept; undefined if there is nothing. A file that cannot be read is put aside under the name returned in `aside`. */
export async function remember(file: string): Promise<{ memory: Memory; aside?: string }> {
  try {
    const kept = (await readJson(file)) as ({ version: number } & Memory) | undefined
    if (kept === undefined) return { memory: EMPTY }
    if (kept.version !== VERSION) throw new SyntaxError(`version ${kept.version}`)
    const { version: _, ...memory } = kept
    return { memory: { ...EMPTY, ...memory } }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    const aside = `${file}.unreadable`
    await fs.promises.rename(file, aside)
    return { memory: EMPTY, aside }
  }
}

export async function keep(file: string, memory: Memory): Promise<void> {
  await writeJson(file, { version: VERSION, ...memory })
}
