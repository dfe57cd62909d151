/** One object on its way into the archive: written, read back, compared. */
import fs from 'node:fs'
import { TickhouseError } from '../errors.ts'
import type { StoreFiles } from '../store/embedded/files.ts'
import type { Store } from '../store/store.ts'
import type { ArchivedObject, Segment } from './archive.ts'
import { laterThan } from './catalog/catalog.ts'
import { fetchText, manifestOf, type Owner } from './catalog/manifest.ts'
import { type Column, columnsOf } from './columns.ts'
import type { Kind } from './kinds.ts'
import { spoolFile } from './targets/spool.ts'
import type { ArchiveTarget } from './targets/target.ts'
import { differences, fileSource, fingerprintFrom, fingerprintQuery } from './verify/checksum.ts'

export interface Writing {
  store: Store
  files: StoreFiles
  target: ArchiveTarget
  /** Whose archive it is, as every manifest says. */
  owner: Owner
  /** Manifests of slices that lie there and that the ledger did not know when the archive was opened. */
  strays: readonly string[]
}

/** Rows of one kind and where they go. */
export interface ObjectToWrite {
  kind: Kind
  slice: Segment
  key: string
  /** Selects the rows, with its parameters. */
  where: string
  params: Record<string, unknown>
}

/** Rows as the table has them now. */
export interface Measured {
  task: ObjectToWrite
  columns: readonly Column[]
  /** What will be archived; bytes and hash are not known yet. */
  object: ArchivedObject
}

/** Measures rows that are to be archived; `before` is what the ledger says of them so far. Throws what the store throws. */
export async function measureRows(
  { store }: Pick<Writing, 'store'>,
  task: ObjectToWrite,
  before: ArchivedObject | undefined,
): Promise<Measured> {
  const { kind, slice, where, params } = task
  const columns = await columnsOf(store, kind.table)
  const [clock] = await store.rows<{ ms: string }>('SELECT toUnixTimestamp64Milli(now64(3)) AS ms')
  const expected = fingerprintFrom(
    await store.rows(fingerprintQuery(kind, columns, `(SELECT * FROM ${kind.table} WHERE ${where})`), params),
  )
  const object: ArchivedObject = {
    ...expected,
    kind: kind.table,
    slice,
    key: expected.rows === 0 ? '' : task.key,
    bytes: 0,
    sha256: '',
    state: 'verified',
    asOfMs: Number(clock!.ms),
    verifiedAtMs: 0,
    changedAtMicros: laterThan(before),
  }
  return { task, columns, object }
}

/**
 * Writes an object and reads it back. Resolves once the archived rows are those that were measured; an empty slice makes no object.
 * Throws `archive_mismatch` (retryable) if they differ, or what the store or the target throw.
 */
export async function writeObject(writing: Writing, { task, columns, object }: Measured): Promise<ArchivedObject> {
  const { files, target } = writing
  const { kind, where, params } = task
  const written = { ...object }
  if (object.rows > 0) {
    const spooled = spoolFile(target.spool)
    try {
      await files.write(`SELECT * FROM ${kind.table} WHERE ${where} ORDER BY ${kind.orderBy}`, params, spooled)
      await target.put(spooled, task.key)
    } finally {
      await fs.promises.rm(spooled, { force: true })
    }
    Object.assign(written, await readBack(writing, kind, columns, object))
  }
  return { ...written, verifiedAtMs: Date.now() }
}

/** Reads an archived object whole and holds its rows against what is known of them. Throws `archive_mismatch`. */
export async function readBack(
  { files, target }: { files: Pick<StoreFiles, 'rows'>; target: ArchiveTarget },
  kind: Kind,
  columns: readonly Column[],
  expected: ArchivedObject,
): Promise<{ bytes: number; sha256: string }> {
  const fetched = await target.fetch(expected.key)
  if (!fetched) throw mismatch(expected.key, 'it is not there')
  try {
    await compareRows(files, kind, columns, expected, fetched.file)
    const { bytes, sha256 } = fetched
    return { bytes, sha256 }
  } finally {
    await fetched.release()
  }
}

/** Holds the rows of a fetched object against what is known of them. Throws `archive_mismatch`. */
export async function compareRows(
  files: Pick<StoreFiles, 'rows'>,
  kind: Kind,
  columns: readonly Column[],
  expected: ArchivedObject,
  file: string,
): Promise<void> {
  const found = fingerprintFrom(await files.rows(fingerprintQuery(kind, columns, fileSource(file, columns))))
  const differing = differences(expected, found)
  if (differing.length > 0) throw mismatch(expected.key, differing.join(', '))
}

/** Writes what is known of a slice's objects beside them, and reads it back. */
export async function writeManifest(
  { target, owner }: Writing,
  key: string,
  objects: readonly ArchivedObject[],
): Promise<void> {
  const text = manifestOf(owner, objects)
  const spooled = spoolFile(target.spool)
  try {
    await fs.promises.writeFile(spooled, text, { flag: 'wx' })
    await target.put(spooled, key)
  } finally {
    await fs.promises.rm(spooled, { force: true })
  }
  if ((await fetchText(target, key)) !== text) throw mismatch(key, 'it does not say what was written')
}

function mismatch(key: string, why: string): TickhouseError {
  return new TickhouseError(
    'archive_mismatch',
    `${key} was read back and is not what the table holds: ${why}`,
    'It is written again; nothing leaves the store before it is archived.',
    { retryable: true },
  )
}
