/**
 * Before anything is archived: is this archive ours? Its marker says so, or, where one that an earlier version wrote has none, its
 * manifests do, by agreeing with what this store's own ledger knows. Where neither does, nothing is written.
 */
import { randomUUID } from 'node:crypto'
import { TickhouseError } from '../../errors.ts'
import type { Log } from '../../log/log.ts'
import type { Store } from '../../store/store.ts'
import type { Emit } from '../../telemetry/events.ts'
import type { ArchivedObject } from '../archive.ts'
import { manifestKey, type Named, parseKey } from '../keys.ts'
import type { ArchiveTarget } from '../targets/target.ts'
import { idOf, isAfter, sameProof } from './catalog.ts'
import { checkOwner, followedLog, foreignArchive, makeMarker, readMarker } from './identity.ts'
import { catalogNames, noteArchive, objectsNamed, renameCatalog, seenArchives } from './log-positions.ts'
import { type Manifest, type Owner, objectsOf, readManifests } from './manifest.ts'

export interface Claiming {
  store: Store
  log: Log
  target: ArchiveTarget
  emit: Emit
}

/**
 * Makes sure that an archive is this log's, marks one that is not marked yet, and carries on what the ledger knows of it at another
 * address. Throws `archive_foreign` if it is another's, `log_replaced` if the store is, or what store and target throw.
 */
export async function claimArchive(claiming: Claiming): Promise<Owner> {
  const { store, target, emit } = claiming
  const log = await requireOwnLog(claiming)
  const { address } = target
  const owner = (await readMarker(target)) ?? (await makeMarker(target, await unmarked(claiming, log)))
  // What lies at this address now is not what the ledger knows of it.
  if (owner.log !== log) await noteArchive(store, address, { archive: '', log: owner.log })
  checkOwner(address, owner, log)
  const seen = (await seenArchives(store)).filter(({ archive }) => archive === owner.archive)
  if (seen.some(one => one.address === address)) return owner
  // Rows of a version that called an archive by its address.
  await renameCatalog(store, address, owner.archive)
  await noteArchive(store, address, owner)
  if (seen.length > 0) emit('archive_moved', { archive: owner.archive, address, before: seen[0]!.address })
  return owner
}

/** The log's identity. Throws `log_replaced` if the store follows another: what is in its tables is not this log's. */
async function requireOwnLog({ store, log }: Claiming): Promise<string> {
  const [followed, own] = [await followedLog(store), log.identity()]
  if (followed === null || followed === own) return own
  throw new TickhouseError(
    'log_replaced',
    `the store ${store.address} follows log ${followed}, not this one (${own}): nothing is archived`,
    'Put the log back that belongs to this store, or give TICKHOUSE_STORE and TICKHOUSE_ARCHIVE new places: see docs/recovery.md.',
  )
}

/** Whose an archive without a marker is: this log's if it is empty, or if its manifests say so. */
async function unmarked({ store, target, emit }: Claiming, log: string): Promise<Owner> {
  const keys: string[] = []
  for await (const { key } of target.list()) if (parseKey(key)) keys.push(key)
  if (keys.length === 0) return { archive: randomUUID(), log }
  const { manifests, faults } = await readManifests(target)
  if (faults.length > 0) throw foreignArchive(target.address, faults[0]!.why)
  const owners = new Map(manifests.flatMap(({ owner }) => (owner ? [[owner.archive, owner]] : [])))
  for (const owner of owners.values()) checkOwner(target.address, owner, log)
  if (owners.size > 1) throw foreignArchive(target.address, 'its manifests are of several archives')
  const names = await agreeingCatalogs(store, manifests, keys)
  const [owner] = owners.values()
  if (names.length === 0 && (!owner || manifests.some(manifest => !manifest.owner))) {
    const what = `it has no marker, and what its ${manifests.length} manifests say is not what this store archived`
    throw foreignArchive(target.address, what)
  }
  const archive = owner?.archive ?? names.find(isId) ?? randomUUID()
  for (const name of names) await renameCatalog(store, name, archive)
  emit('archive_taken_over', { address: target.address, manifests: manifests.length })
  return { archive, log }
}

/** The names by which the ledger knows what the manifests say, whatever addresses these were: two, where a rename was cut off. */
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
 * Do ledger and archive say the same? What the archive has after all that the ledger knows may be there: it was being archived when
 * that ended. At least one slice is in both.
 */
function agree(
  catalog: readonly ArchivedObject[],
  manifests: readonly ArchivedObject[],
  keys: readonly string[],
): boolean {
  const known = new Map(catalog.map(object => [idOf(object), object]))
  const both = manifests.filter(object => known.has(idOf(object)))
  const same = both.every(object => {
    const own = known.get(idOf(object))!
    return own.state === 'stale' || sameProof(own, object)
  })
  const own = new Set(catalog.flatMap(({ key, slice }) => [key, manifestKey(slice)]))
  const rest = keys.filter(key => !own.has(key)).map(key => parseKey(key)!)
  return both.length > 0 && same && rest.every(named => isAfter(named, catalog) || isKnownDay(named, catalog))
}

/** The manifest of a day that the ledger has. */
function isKnownDay(named: Named, catalog: readonly ArchivedObject[]): boolean {
  return named.daily && catalog.some(({ kind, slice }) => kind === named.kind && slice.startMs === named.dayMs)
}

const isId = (name: string): boolean => /^[0-9a-f-]{36}$/.test(name)
