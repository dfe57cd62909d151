/** What a watcher keeps over its own end: open alerts, messages not sent yet, and how well the house was. */
import fs from 'node:fs'
import { z } from 'zod'
import { type AlertState, type Message, NO_ALERTS } from './alerts/alerts.ts'
import { type Availability, NOTHING_WATCHED } from './availability.ts'
import { readJson, writeJson } from './files.ts'

const VERSION = 2

/** A message, and the routes that have not taken it yet, by name. */
export interface Unsent {
  message: Message
  routes: readonly string[]
}

export interface WatcherState {
  alerts: AlertState
  unsent: readonly Unsent[]
  availability: Availability
}

export const EMPTY: WatcherState = { alerts: NO_ALERTS, unsent: [], availability: NOTHING_WATCHED }

const REMEMBERED = z.looseObject({
  alert: z.looseObject({ name: z.string(), affected: z.array(z.string()) }),
  explains: z.union([z.array(z.string()), z.literal('all others')]),
})
/** So much is looked at: that it is a file of this version, and what is walked through is there. */
const FILE = z.looseObject({
  version: z.literal(VERSION),
  alerts: z.looseObject({
    remembered: z.record(z.string(), REMEMBERED),
    closed: z.record(z.string(), z.array(z.number())),
  }),
  unsent: z.array(z.looseObject({ routes: z.array(z.string()) })),
  availability: z.looseObject({ lastMs: z.number(), days: z.array(z.looseObject({ day: z.string() })) }),
})

/** What was kept; `EMPTY` if there is nothing. A file that cannot be read is put aside under the name returned in `aside`. */
export async function loadState(file: string): Promise<{ memory: WatcherState; aside?: string }> {
  try {
    const kept = await readJson(file)
    if (kept === undefined) return { memory: EMPTY }
    const { version: _, ...memory } = FILE.parse(kept)
    return { memory: memory as unknown as WatcherState }
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error
    const aside = `${file}.unreadable`
    await fs.promises.rename(file, aside)
    return { memory: EMPTY, aside }
  }
}

export async function keep(file: string, memory: WatcherState): Promise<void> {
  await writeJson(file, { version: VERSION, ...memory })
}
