/** `tickhouse restore`: restores archived ticks to an embedded store that no other process has open. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ArchiveCatalog } from '../archive/catalog/catalog.ts'
import { restore as restoreRange } from '../archive/restore/restore.ts'
import { openTarget } from '../archive/targets/open.ts'
import type { Config } from '../config.ts'
import { TickhouseError } from '../errors.ts'
import { openLog } from '../log/open.ts'
import { embeddedDirectory } from '../store/address.ts'
import { openStore } from '../store/open.ts'
import { timeRange } from './parse-time.ts'
import { count, Progress } from './progress.ts'

/** The brokers may be lost. */
const LOG_WAIT_MS_MAX = 10_000

/** Flags as given. */
export interface RestoreFlags {
  from?: string
  to?: string
}

/** Restores a range and prints the result. Throws TickhouseErrors; it may be run again after each of them. */
export async function restore(config: Config, { from, to }: RestoreFlags): Promise<void> {
  if (embeddedDirectory(config.STORE) === undefined) {
    throw new TickhouseError(
      'usage',
      'only an embedded store can be restored',
      'A ClickHouse server reads the archive itself: see docs/restore.md.',
    )
  }
  const target = await openTarget(config.ARCHIVE, config.ARCHIVE_SPOOL)
  const store = await openStore(config.STORE)
  try {
    let shown: Progress | undefined
    const progress = (done: number, total: number) => {
      shown ??= new Progress('rows', total)
      shown.show(done)
    }
    const catalog = new ArchiveCatalog(store, target.address)
    const { segments, inserted, present } = await restoreRange(
      { store, target, catalog, progress, log: await readableLog(config) },
      {
        ...timeRange({ from, to }),
      },
    )
    shown?.end()
    console.log(
      `${count(segments)} segments from ${target.address}: ${count(inserted)} rows restored and verified, ${count(present)} already present`,
    )
  } finally {
    await store.close()
    await target.close()
  }
}

/** The identity of the configured log, if it can be read: it may be lost too. */
async function readableLog({ LOG }: Config): Promise<string | undefined> {
  const opened = openLog(LOG, 'read').catch(() => undefined)
  const log = await Promise.race([opened, sleep(LOG_WAIT_MS_MAX, undefined, { ref: false })])
  const identity = log?.identity()
  await log?.close()
  return identity
}
