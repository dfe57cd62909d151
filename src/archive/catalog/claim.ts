/**
 * Checks, before anything is written, that an archive belongs to this log: by its marker or, in an archive of an
 * earlier version, by manifests that agree with this store's catalog. Otherwise the archive is refused.
 */
import { randomUUID } from 'node:crypto'
import { TickhouseError } from '../../errors.ts'
import type { Log } from '../../log/log.ts'
import type { Store } from '../../store/store.ts'
import type { Emit } from '../../telemetry/events.ts'
import type { ArchivedObject } from '../archive.ts'
import { manifestKey, type ParsedKey, parseKey } from '../keys.ts'
import type { ArchiveTarget } from '../targets/target.ts'
import { idOf, isAfter, sameChecksums } from './catalog.ts'
import { checkOwner, followedLog, foreignArchive, makeMarker, readMarker } from './identity.ts'
import { archiveLocations, catalogNames, objectsNamed, renameCatalog, saveLocation } from './locations.ts'
import { type Manifest, type Owner, objectsOf, readManifests } from './manifest.ts'

export interface ClaimContext {
  store: Store
  log: Log
  target: ArchiveTarget
  emit: Emit
}

/**
 * Returns the archive's owner, writing the marker if there is none. Catalog rows of the archive at an earlier address
 * apply to this one. Throws `archive_foreign` if the archive belongs to another log, `log_replaced` if the store does,
 * or errors of store and target.
 */
export async function claimArchive(context: ClaimContext): Promise<Owner> {
  const { store, target, emit } = context
  const log = await requireOwnLog(context)
  const { address } = target
  const owner = (await readMarker(target)) ?? (await makeMarker(target, await ownerWithoutMarker(context, log)))
  // Catalog rows under this address are about an archive that is no longer there.
  if (owner.log !== log) await saveLocation(store, address, { archive: '', log: owner.log })
  checkOwner(address, owner, log)
  const known = (await archiveLocations(store)).filter(({ archive }) => archive === owner.archive)
  if (known.some(location => location.address === address)) return owner
  // An earlier version named archives by address.
  await renameCatalog(store, address, owner.archive)
  await saveLocation(store, address, owner)
  if (known.length > 0) emit('archive_moved', { archive: owner.archive, address, before: known[0]!.address })
  return owner
}

/** The log's identity. Throws `log_replaced` if the store's rows are of another log. */
async function requireOwnLog({ store, log }: ClaimContext): Promise<string> {
  const [followed, own] = [await followedLog(store), log.identity()]
  if (followed === null || followed === own) return own
  throw new TickhouseError(
    'log_replaced',
    `the store ${store.address} follows log ${followed}, not this one (${own}): archiving stopped`,
    'Put back the log of this store, or set TICKHOUSE_STORE and TICKHOUSE_ARCHIVE to new locations: see docs/recovery.md.',
  )
}

/**
 * Owner of an archive without a marker: this log if the archive is empty or its manifests match. Throws
 * `archive_foreign`.
 */
async function ownerWithoutMarker({ store, target, emit }: ClaimContext, log: string): Promise<Owner> {
  const keys: string[] = []
  for await (const { key } of target.list()) if (parseKey(key)) keys.push(key)
  if (keys.length === 0) return { archive: randomUUID(), log }
  const { manifests, faults } = await readManifests(target)
  if (faults.length > 0) throw foreignArchive(target.address, faults[0]!.why)
  const owners = new Map(manifests.flatMap(({ owner }) => (owner ? [[owner.archive, owner]] : [])))
  for (const owner of owners.values()) checkOwner(target.address, owner, log)
  if (owners.size > 1) throw foreignArchive(target.address, 'its manifests belong to several archives')
  const names = await agreeingCatalogs(store, manifests, keys)
  const [owner] = owners.values()
  if (names.length === 0 && (!owner || manifests.some(manifest => !manifest.owner))) {
    const why = `it has no marker, and its ${manifests.length} manifests do not match what this store archived`
    throw foreignArchive(target.address, why)
  }
  const archive = owner?.archive ?? names.find(isId) ?? randomUUID()
  for (const name of names) await renameCatalog(store, name, archive)
  emit('archive_taken_over', { address: target.address, manifests: manifests.length })
  return { archive, log }
}

/** Names of the catalogs that agree with the manifests, whatever their address: two after an interrupted rename. */
async function agreeingCatalogs(
  store: Store,
  manifests: readonly Manifest[],
  keys: readonly string[],
): Promise<string[]> {
  const names: string[] = []
  for (const name of await catalogNames(store)) {
    if (agree(await objectsNamed(store, name), objectsOf(manifests), keys)) names.push(name)
  }
  return names
}

/**
 * Whether catalog and archive agree and have at least one segment in common. The archive may have objects after the
 * last in the catalog, written just before the archiver stopped.
 */
function agree(
  catalog: readonly ArchivedObject[],
  manifests: readonly ArchivedObject[],
  keys: readonly string[],
): boolean {
  const known = new Map(catalog.map(object => [idOf(object), object]))
  const inBoth = manifests.filter(object => known.has(idOf(object)))
  const same = inBoth.every(object => {
    const own = known.get(idOf(object))!
    return own.state === 'stale' || sameChecksums(own, object)
  })
  const own = new Set(catalog.flatMap(({ key, segment }) => [key, manifestKey(segment)]))
  const rest = keys.filter(key => !own.has(key)).map(key => parseKey(key)!)
  return (
    inBoth.length > 0 && same && rest.every(parsedKey => isAfter(parsedKey, catalog) || isKnownDay(parsedKey, catalog))
  )
}

/** Whether a key names a day in the catalog. */
function isKnownDay(parsedKey: ParsedKey, catalog: readonly ArchivedObject[]): boolean {
  return (
    parsedKey.daily &&
    catalog.some(({ kind, segment }) => kind === parsedKey.kind && segment.startMs === parsedKey.dayMs)
  )
}

const isId = (name: string): boolean => /^[0-9a-f-]{36}$/.test(name)
