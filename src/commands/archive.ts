/**
 * `tickhouse archive verify` and `tickhouse archive status`: reads the catalog from the store, also while a tickhouse
 * has it open.
 */
import type { ArchivedObject } from '../archive/archive.ts'
import { type CatalogRow, nameAt, objectFrom, objectsQuery } from '../archive/catalog/catalog.ts'
import { checkOwner, followedLog, readMarker } from '../archive/catalog/identity.ts'
import { objectsNamed } from '../archive/catalog/locations.ts'
import { type Owner, objectsOf, readManifests } from '../archive/catalog/manifest.ts'
import type { RowSource } from '../archive/columns.ts'
import { shownKey } from '../archive/keys.ts'
import { SEGMENT_TABLE } from '../archive/kinds.ts'
import { logFilesOf } from '../archive/seal/log-files.ts'
import { openTarget } from '../archive/targets/open.ts'
import type { ArchiveTarget } from '../archive/targets/target.ts'
import { checkArchive, type Finding } from '../archive/verify/check.ts'
import type { Config } from '../config.ts'
import { TickhouseError } from '../errors.ts'
import { PUBLIC_KEY } from '../proof/tlog.ts'
import { FileReader, filesOf } from '../store/embedded/files.ts'
import { openStoreAccess, type StoreAccess } from './open-store.ts'
import { count, Progress } from './progress.ts'

/** Flags as given. */
export interface VerifyFlags {
  deep?: true
  manifests?: true
}

/**
 * Checks every object of the archive and prints each fault on one line. True if there is none. `deep` compares the rows
 * too; `manifests` uses the manifests in the archive as the catalog, for a lost store.
 */
export async function verifyArchive(config: Config, { deep, manifests }: VerifyFlags): Promise<boolean> {
  const target = await openArchive(config)
  // The store may be lost: the manifests alone do not need it.
  const access = manifests && !deep ? undefined : await openStoreAccess(config)
  const files = access?.store ? filesOf(access.store) : new FileReader()
  try {
    const source = access && rowsOf(access)
    const owner = await readMarker(target)
    const { objects, faults } = manifests
      ? await objectsInManifests(target)
      : { ...(await objectsInCatalog(source!, target, owner)), faults: [] }
    let shown: Progress | undefined
    const { findings: found, ...sums } = await checkArchive({
      target,
      objects,
      owner,
      deep: deep && { source: source!, files },
      progress: (done, total) => {
        shown ??= new Progress('bytes', total)
        shown.show(done)
      },
    })
    shown?.end()
    const findings = [...faults, ...found.filter(({ key }) => !faults.some(fault => fault.key === key))]
    for (const { fault, key, detail } of findings)
      console.log(`${fault.toUpperCase().padEnd(9)} ${shownKey(key)}: ${detail}`)
    const size = `${count(sums.objects)} objects, ${count(sums.rows)} rows, ${count(sums.bytes)} bytes`
    const result = findings.length === 0 ? 'is intact' : `has ${findings.length} faults: see docs/archive.md`
    console.log(`${target.address}: ${size}: the archive ${result}.`)
    return findings.length === 0
  } finally {
    await files.close()
    await access?.close()
    await target.close()
  }
}

/** Prints how far each partition is archived. */
export async function archiveStatus(config: Config): Promise<void> {
  const target = await openArchive(config)
  const access = await openStoreAccess(config)
  try {
    const { objects } = await objectsInCatalog(rowsOf(access), target, await readMarker(target))
    const sum = (field: 'rows' | 'bytes') => count(objects.reduce((total, object) => total + object[field], 0))
    const named = objects.filter(({ key }) => key !== '').length
    console.log(`${target.address}: ${count(named)} objects, ${sum('rows')} rows, ${sum('bytes')} bytes verified`)
    for (const [partition, segments] of Map.groupBy(objects, ({ segment }) => segment.partition)) {
      const last = segments.filter(({ kind }) => kind === SEGMENT_TABLE).at(-1)
      if (!last) continue
      const until = new Date(last.segment.endMs).toISOString()
      console.log(`partition ${partition}: archived up to record ${last.segment.lastOffset}, log time ${until}`)
    }
    for (const [state, some] of Map.groupBy(objects, object => object.state))
      if (state !== 'verified') console.log(`${state}: ${count(some.length)} objects`)
  } finally {
    await access.close()
    await target.close()
  }
}

/** Prints the public key of the archive's transparency log, as verifiers take it. Throws `archive_unavailable` if nothing is sealed. */
export async function archiveKey(config: Config): Promise<void> {
  const target = await openArchive(config)
  try {
    const key = await logFilesOf(target).read(PUBLIC_KEY)
    if (!key)
      throw new TickhouseError(
        'archive_unavailable',
        `nothing in the archive ${target.address} is sealed yet`,
        'Segments are sealed once they are archived, about a minute after the hour; TICKHOUSE_SEAL_KEY must not be off.',
      )
    console.log(key.toString().trim())
  } finally {
    await target.close()
  }
}

function openArchive(config: Config): Promise<ArchiveTarget> {
  if (config.ARCHIVE === 'off')
    throw new TickhouseError('config_invalid', 'the archive is off', 'Set TICKHOUSE_ARCHIVE: see docs/archive.md.')
  return openTarget(config.ARCHIVE, config.ARCHIVE_SPOOL)
}

/** The catalog of this archive, which may have been moved. Throws `archive_foreign` for the archive of another log. */
async function objectsInCatalog(source: RowSource, target: ArchiveTarget, owner: Owner | null) {
  const log = await followedLog(source)
  if (owner && log !== null) checkOwner(target.address, owner, log)
  const objects = owner ? await objectsNamed(source, owner.archive) : []
  if (objects.length > 0) return { objects }
  return { objects: (await source.rows<CatalogRow>(objectsQuery(nameAt(target.address)))).map(objectFrom) }
}

/** The objects named by the manifests in the archive; invalid manifests are findings. */
async function objectsInManifests(target: ArchiveTarget): Promise<{ objects: ArchivedObject[]; faults: Finding[] }> {
  const { manifests, faults } = await readManifests(target)
  return {
    objects: objectsOf(manifests),
    faults: faults.map(({ key, why }) => ({ key, fault: 'changed', detail: why })),
  }
}

function rowsOf(access: StoreAccess): RowSource {
  return {
    rows: async <T>(query: string): Promise<T[]> => {
      const text = Buffer.from(await access.query(query, 'JSONEachRow')).toString()
      return text.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line) as T]))
    },
  }
}
