/** The watcher's state file: open alerts, unsent messages, availability. */
import fs from 'node:fs'
import { z } from 'zod'
import { TickhouseError } from '../errors.ts'
import { type AlertState, type ConditionState, type Message, NO_ALERTS } from './alerts/alerts.ts'
import { type Availability, NOTHING_WATCHED } from './availability.ts'
import { readJson, writeJson } from './files.ts'

const VERSION = 3

/** A message, and the names of the channels that have not accepted it yet. */
export interface Unsent {
  message: Message
  channels: readonly string[]
}

export interface WatcherState {
  alerts: AlertState
  unsent: readonly Unsent[]
  availability: Availability
}

export const EMPTY: WatcherState = { alerts: NO_ALERTS, unsent: [], availability: NOTHING_WATCHED }

const ALERT = z.looseObject({ name: z.string(), affected: z.array(z.string()) })
const EXPLAINS = z.union([z.array(z.string()), z.literal('all others')])
const AVAILABILITY = z.looseObject({ lastMs: z.number(), days: z.array(z.looseObject({ day: z.string() })) })
const CLOSED = z.record(z.string(), z.array(z.number()))

/** Only what the code iterates over is checked, and that the file is of this version. */
const FILE = z.looseObject({
  version: z.literal(VERSION),
  alerts: z.looseObject({
    conditions: z.record(z.string(), z.looseObject({ alert: ALERT, explains: EXPLAINS })),
    closed: CLOSED,
  }),
  unsent: z.array(z.looseObject({ channels: z.array(z.string()) })),
  availability: AVAILABILITY,
})

/** The file of an earlier version, with other names for some fields. */
const FILE_2 = z
  .looseObject({
    version: z.literal(2),
    alerts: z.looseObject({
      remembered: z.record(z.string(), z.looseObject({ alert: ALERT, explains: EXPLAINS })),
      closed: CLOSED,
    }),
    unsent: z.array(z.looseObject({ message: z.looseObject({ occurrence: z.string() }), routes: z.array(z.string()) })),
    availability: AVAILABILITY,
  })
  .transform(({ alerts, unsent, availability }) => ({
    version: VERSION as typeof VERSION,
    alerts: {
      conditions: Object.fromEntries(
        Object.entries(alerts.remembered).map(([name, { toldAfterwards, toldMs, toldAffected, ...rest }]) => [
          name,
          { ...rest, sentAfterwards: toldAfterwards, sentMs: toldMs, sentAffected: toldAffected },
        ]),
      ) as unknown as Record<string, ConditionState>,
      closed: alerts.closed,
    },
    unsent: unsent.map(({ message: { occurrence, ...message }, routes }) => ({
      message: { ...message, incident: occurrence },
      channels: routes,
    })),
    availability,
  }))

/**
 * The saved state; `EMPTY` if there is none. An unreadable file is moved to the name returned in `movedTo`. Throws
 * `data_foreign` for the file of a newer version: its open alerts and unsent messages would be lost.
 */
export async function loadState(file: string): Promise<{ state: WatcherState; movedTo?: string }> {
  try {
    const saved = await readJson(file)
    if (saved === undefined) return { state: EMPTY }
    refuseNewer(file, saved)
    const { version: _, ...state } = z.union([FILE, FILE_2]).parse(saved)
    return { state: state as unknown as WatcherState }
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error
    const movedTo = `${file}.unreadable`
    await fs.promises.rename(file, movedTo)
    return { state: EMPTY, movedTo }
  }
}

function refuseNewer(file: string, saved: unknown): void {
  const { data } = z.looseObject({ version: z.int().gt(VERSION) }).safeParse(saved)
  if (data)
    throw new TickhouseError(
      'data_foreign',
      `the watcher's state in ${file} was written by a newer tickhouse: version ${data.version}, this program has ${VERSION}`,
      'Start the newer tickhouse, or set TICKHOUSE_WATCH_STATE to a new file: alerts that are open are sent again.',
    )
}

export async function saveState(file: string, state: WatcherState): Promise<void> {
  await writeJson(file, { version: VERSION, ...state })
}
