/**
 * The archiver as a program that a test can kill at any step: opens log, store and archive in a directory, runs one
 * round and ends. Its argument is an `ArchivingTask` as JSON.
 */
import fs from 'node:fs'
import { openTarget } from '../../../src/archive/targets/open.ts'
import type { TickhouseError } from '../../../src/errors.ts'
import { openSqliteLog } from '../../../src/log/sqlite/log.ts'
import { openStore } from '../../../src/store/open.ts'
import { archiverOf } from '../data/archiving.ts'
import { EventLog } from '../judges/event-log.ts'

export interface ArchivingTask {
  directory: string
  /** Address of the archive; default: in the directory. */
  archive?: string
  retention: { logHours: number | undefined; storeDays: number | undefined }
  /** Number of the step at which this process is killed; undefined: never. */
  killAt?: number | undefined
}

const { directory, retention, killAt, archive } = JSON.parse(process.argv[2]!) as ArchivingTask
const log = await openSqliteLog(`${directory}/log`, 'read')
const store = await openStore(`chdb:${directory}/store`)
const target = await openTarget(archive ?? `file:${directory}/archive`, 'unused')

let steps = 0
/** Each call with effects has a step before and one after it. */
function counted<T extends object>(part: T, names: readonly string[]): void {
  for (const name of names) {
    const call = (part as Record<string, (...args: unknown[]) => Promise<unknown>>)[name]!.bind(part)
    Object.assign(part, {
      [name]: async (...args: unknown[]) => {
        step()
        const result = await call(...args)
        step()
        return result
      },
    })
  }
}
function step(): void {
  steps += 1
  if (steps === killAt) process.kill(process.pid, 'SIGKILL')
}
counted(target, ['cleanUp', 'create', 'put', 'fetch'])
counted(store, ['insertRows', 'deleteRows', 'dropPartition', 'command', 'writeParquet'])
counted(fs.promises, ['rename'])

const fixture = { log, store, events: new EventLog(), close: async () => {} }
const failed = await archiverOf(fixture, target, { retention })
  .archiver.round()
  .catch((error: TickhouseError) => `${error.code}: ${error.message}`)
await store.close()
await log.close()
process.send!({ steps, heldDays: fixture.events.named('day_held'), failed })
process.disconnect()
