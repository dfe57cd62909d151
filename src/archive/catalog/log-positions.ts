/** Tables `archives` and `archive_ledger`: which archive was found at which address, so that its ledger is known wherever it is moved to. */
import type { Store } from '../../store/store.ts'
import type { ArchivedObject } from '../archive.ts'
import { type Asked, quoted } from '../columns.ts'
import { type CatalogRow, objectFrom, objectsQuery } from './catalog.ts'
import type { Owner } from './manifest.ts'

/** Where archives were found so far. */
export interface Seen {
  address: string
  archive: string
}

/** The archive last found at each address. */
export function seenArchives(asked: Asked): Promise<Seen[]> {
  return asked.rows<Seen>('SELECT address, archive FROM archives FINAL')
}

/** Notes what was found at an address. */
export async function noteArchive(store: Store, address: string, { archive, log }: Owner): Promise<void> {
  await store.insertRows('archives', [{ address, archive, log }])
}

/** The names by which the ledger knows archives. */
export async function catalogNames(store: Store): Promise<string[]> {
  const rows = await store.rows<{ archive: string }>('SELECT DISTINCT archive FROM archive_ledger ORDER BY archive')
  return rows.map(({ archive }) => archive)
}

/** All that the ledger has under a name. */
export async function objectsNamed(asked: Asked, name: string): Promise<ArchivedObject[]> {
  return (await asked.rows<CatalogRow>(objectsQuery(quoted(name)))).map(objectFrom)
}

/** Gives rows of the ledger another name; may be repeated after any interruption. */
export async function renameCatalog(store: Store, from: string, to: string): Promise<void> {
  if (from === to || !(await catalogNames(store)).includes(from)) return
  await store.client.command({
    query: `INSERT INTO archive_ledger SELECT * REPLACE ({to:String} AS archive)
      FROM (SELECT * FROM archive_ledger FINAL WHERE archive = {from:String})`,
    query_params: { from, to },
  })
  await store.deleteRows('archive_ledger', 'archive = {from:String}', { from })
}
