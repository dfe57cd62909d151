import { SYSTEM_CLOCK } from '../clock.ts'
import type { Log } from '../log/log.ts'
import type { LogRetention } from '../log/retention.ts'
import { parsePrivateKey } from '../proof/keys.ts'
import { requireFiles } from '../store/embedded/files.ts'
import type { Store } from '../store/store.ts'
import type { Emit } from '../telemetry/events.ts'
import { Archiver } from './archiver.ts'
import { followedLog, readMarker } from './catalog/identity.ts'
import { archiveLocations, catalogNames, saveLocation } from './catalog/locations.ts'
import type { Retention } from './retention.ts'
import type { SealOptions } from './seal/sealer.ts'
import type { IdKinds } from './seal/summary.ts'
import type { SegmentLength } from './segments.ts'
import { openTarget } from './targets/open.ts'
import type { ArchiveTarget } from './targets/target.ts'
import { viewArchive } from './view.ts'

/**
 * Where the archive is: an address as `parseArchiveAddress` reads it, or `off`, and the directory for objects in
 * transit.
 */
export interface ArchiveLocationSettings {
  ARCHIVE: string
  ARCHIVE_SPOOL: string
}

/** How long log and store keep what is archived. */
export interface RetentionSettings {
  /** Undefined: the default the log was created with. */
  LOG_KEEP_HOURS?: number | 'forever' | undefined
  /** Undefined: forever. */
  STORE_KEEP_DAYS?: number | undefined
  /** Undefined: as `STORE_KEEP_DAYS`. */
  STORE_KEEP_QUOTES_DAYS?: number | undefined
}

/** Settings of the archive stage, named like their `TICKHOUSE_` variables. */
export interface ArchiveSettings extends ArchiveLocationSettings, RetentionSettings {
  ARCHIVE_SEGMENT: SegmentLength
  /** File of the key that signs the transparency log, or `off`. */
  SEAL_KEY: string
  /** The key itself, in place of its file. */
  SEAL_PRIVATE_KEY?: string | undefined
  DISK_FREE_MIB_MIN: number
}

/** Opens the archive and makes the store's `all_trades` include it; null if it is off. Throws like `openTarget`. */
export async function openWithArchive(settings: ArchiveLocationSettings, store: Store): Promise<ArchiveTarget | null> {
  if (settings.ARCHIVE === 'off') return null
  const target = await openTarget(settings.ARCHIVE, settings.ARCHIVE_SPOOL)
  await recogniseMoved(store, target).catch(() => {})
  await viewArchive(store, target)
  return target
}

/**
 * Identifies a moved archive by its marker, so that `all_trades` includes its objects immediately. If the marker cannot
 * be read now, the archiver reads it later, or reports why it cannot.
 */
async function recogniseMoved(store: Store, target: ArchiveTarget): Promise<void> {
  const names = await catalogNames(store)
  if (names.length === 0 || (await archiveLocations(store)).some(({ address }) => address === target.address)) return
  const owner = await readMarker(target)
  if (owner && names.includes(owner.archive) && owner.log === (await followedLog(store)))
    await saveLocation(store, target.address, owner)
}

/** Retention from the settings, or else the default the log was created with. */
export function retentionOf(settings: RetentionSettings, log: LogRetention): Retention {
  const logHours = settings.LOG_KEEP_HOURS ?? log.keepHours ?? 'forever'
  return {
    logHours: logHours === 'forever' ? undefined : logHours,
    storeDays: settings.STORE_KEEP_DAYS,
    daysOfKind: { quotes: settings.STORE_KEEP_QUOTES_DAYS },
  }
}

/** How the archive is sealed; null if it is not. Throws `config_invalid` for a secret that is no key. */
function sealOf(
  { SEAL_KEY, SEAL_PRIVATE_KEY }: Pick<ArchiveSettings, 'SEAL_KEY' | 'SEAL_PRIVATE_KEY'>,
  idKinds: IdKinds,
): SealOptions | null {
  if (SEAL_KEY === 'off') return null
  return {
    keyFile: SEAL_KEY,
    privateKey: SEAL_PRIVATE_KEY === undefined ? undefined : parsePrivateKey(SEAL_PRIVATE_KEY),
    idKinds,
  }
}

/** The archive stage; null if it is off. Throws like `openTarget` and `sealOf`, or `engine_missing`. */
export async function openArchiver(
  settings: ArchiveSettings,
  log: Log & LogRetention,
  store: Store,
  emit: Emit,
  idKinds: IdKinds,
): Promise<Archiver | null> {
  const seal = sealOf(settings, idKinds)
  const target = await openWithArchive(settings, store)
  if (!target) return null
  // Now, and not when the first hour is complete.
  await requireFiles(store)
  const retention = retentionOf(settings, log)
  const keeps = retention.logHours === undefined ? 'for ever' : `${retention.logHours} hours`
  emit('log_retention', { address: log.address, keeps })
  return new Archiver({
    store,
    log,
    target,
    segmentLength: settings.ARCHIVE_SEGMENT,
    retention,
    seal,
    diskFreeBytesMin: settings.DISK_FREE_MIB_MIN * 2 ** 20,
    emit,
    clock: SYSTEM_CLOCK,
  })
}
