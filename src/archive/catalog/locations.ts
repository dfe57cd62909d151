/** Table `archives`: which archive was found at which address, so that the catalog of a moved archive is found. */
import type { Store } from '../../store/store.ts'
import type { ArchivedObject } from '../archive.ts'
import { quoted, type RowSource } from '../columns.ts'
import { type CatalogRow, objectFrom, objectsQuery } from './catalog.ts'
import type { Owner } from './manifest.ts'

/** An address and the archive last found there. */
export interface ArchiveLocation {
  address: string
  archive: string
}

/** All addresses an archive was found at. */
export function archiveLocations(source: RowSource): Promise<ArchiveLocation[]> {
  return source.rows<ArchiveLocation>('SELECT address, archive FROM archives FINAL')
}

/** Records which archive was found at an address. */
export async function saveLocation(store: Store, address: string, { archive, log }: Owner): Promise<void> {
  await store.insertRows('archives', [{ address, archive, log }])
}

/** Names of all archives in the catalog: ids or, from an earlier version, addresses. */
export async function catalogNames(store: Store): Promise<string[]> {
  const rows = await store.rows<{ archive: string }>('SELECT DISTINCT archive FROM archive_ledger ORDER BY archive')
  return rows.map(({ archive }) => archive)
}

/** All objects of the archive with this name. */
export async function objectsNamed(source: RowSource, name: string): Promise<ArchivedObject[]> {
  return (await source.rows<CatalogRow>(objectsQuery(quoted(name)))).map(objectFrom)
}

/** Renames an archive in the catalog; safe to repeat after an interruption. */
export async function renameCatalog(store: Store, from: string, to: string): Promise<void> {
  if (from === to || !(await catalogNames(store)).includes(from)) return
  await store.command(
    `INSERT INTO archive_ledger SELECT * REPLACE ({to:String} AS archive)
     FROM (SELECT * FROM archive_ledger FINAL WHERE archive = {from:String})`,
    { from, to },
  )
  await store.deleteRows('archive_ledger', 'archive = {from:String}', { from })
}
