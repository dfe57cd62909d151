import { SYSTEM_CLOCK } from '../clock.ts'
import type { Config } from '../config.ts'
import type { Log } from '../log/log.ts'
import type { LogRetention } from '../log/retention.ts'
import type { Store } from '../store/store.ts'
import type { Emit } from '../telemetry/events.ts'
import { Archiver } from './archiver.ts'
import { followedLog, readMarker } from './catalog/identity.ts'
import { catalogNames, noteArchive, seenArchives } from './catalog/log-positions.ts'
import type { Keeping } from './retention.ts'
import { openTarget } from './targets/open.ts'
import type { ArchiveTarget } from './targets/target.ts'
import { viewArchive } from './view.ts'

/** The archive, by configuration, with `all_trades` of this store spanning it; null if it is off. Throws like `openTarget`. */
export async function openWithArchive(config: Config, store: Store): Promise<ArchiveTarget | null> {
  if (config.ARCHIVE === 'off') return null
  const target = await openTarget(config.ARCHIVE, config.ARCHIVE_SPOOL)
  await recognise(store, target).catch(() => {})
  await viewArchive(store, target)
  return target
}

/**
 * Finds out by its marker which archive lies at an address that is new to this store, so that what it holds is in view at once. Where
 * that cannot be asked now, whoever archives there finds out, or says why not.
 */
async function recognise(store: Store, target: ArchiveTarget): Promise<void> {
  const names = await catalogNames(store)
  if (names.length === 0 || (await seenArchives(store)).some(({ address }) => address === target.address)) return
  const owner = await readMarker(target)
  if (owner && names.includes(owner.archive) && owner.log === (await followedLog(store)))
    await noteArchive(store, target.address, owner)
}

/** How long things are kept: what the configuration says, else what the log was made with. */
export function keepingOf(config: Pick<Config, 'LOG_KEEP_HOURS' | 'STORE_KEEP_DAYS'>, log: LogRetention): Keeping {
  const logHours = config.LOG_KEEP_HOURS ?? log.keepHours ?? 'forever'
  return { logHours: logHours === 'forever' ? undefined : logHours, storeDays: config.STORE_KEEP_DAYS }
}

/** The archiving station, by configuration; null if it is off. Throws what the target throws where it cannot be used. */
export async function openArchiver(
  config: Config,
  log: Log & LogRetention,
  store: Store,
  emit: Emit,
): Promise<Archiver | null> {
  const target = await openWithArchive(config, store)
  if (!target) return null
  const keep = keepingOf(config, log)
  const keeps = keep.logHours === undefined ? 'for ever' : `${keep.logHours} hours`
  emit('log_retention', { address: log.address, keeps })
  return new Archiver({
    store,
    log,
    target,
    slicing: config.ARCHIVE_SLICE,
    keep,
    diskFreeBytesMin: config.DISK_FREE_MIB_MIN * 2 ** 20,
    emit,
    clock: SYSTEM_CLOCK,
  })
}
