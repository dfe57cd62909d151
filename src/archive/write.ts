/** Writes an object to the archive and verifies it by reading it back. */
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

export interface WriteContext {
  store: Store
  files: StoreFiles
  target: ArchiveTarget
  /** Owner, written to every manifest. */
  owner: Owner
  /** Keys of segments' manifests that were in the archive but not in the catalog when it was opened. */
  strays: readonly string[]
}

/** Rows of one kind and the key to write them to. */
export interface ObjectToWrite {
  kind: Kind
  segment: Segment
  key: string
  /** Selects the rows, with its parameters. */
  where: string
  params: Record<string, unknown>
}

/** Fingerprint of the rows now in the table. */
export interface MeasuredRows {
  task: ObjectToWrite
  columns: readonly Column[]
  /** The object to write; `bytes` and `sha256` are not known yet. */
  object: ArchivedObject
}

/** Fingerprints the rows to archive; `before` is their catalog entry so far. Throws errors of the store. */
export async function measureRows(
  { store }: Pick<WriteContext, 'store'>,
  task: ObjectToWrite,
  before: ArchivedObject | undefined,
): Promise<MeasuredRows> {
  const { kind, segment, where, params } = task
  const columns = await columnsOf(store, kind.table)
  const [clock] = await store.rows<{ ms: string }>('SELECT toUnixTimestamp64Milli(now64(3)) AS ms')
  const expected = fingerprintFrom(
    await store.rows(fingerprintQuery(kind, columns, `(SELECT * FROM ${kind.table} WHERE ${where})`), params),
  )
  const object: ArchivedObject = {
    ...expected,
    kind: kind.table,
    segment,
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
 * Writes an object and reads it back. Resolves once the archived rows equal the fingerprint; no rows, no object.
 * Throws `archive_mismatch` (retryable) if they differ, and errors of store and target.
 */
export async function writeObject(
  context: WriteContext,
  { task, columns, object }: MeasuredRows,
): Promise<ArchivedObject> {
  const { files, target } = context
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
    Object.assign(written, await readBack(context, kind, columns, object))
  }
  return { ...written, verifiedAtMs: Date.now() }
}

/** Reads an archived object whole and compares its rows with their fingerprint. Throws `archive_mismatch`. */
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

/** Compares the rows of a fetched object with their fingerprint. Throws `archive_mismatch`. */
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

/** Writes the manifest of objects, and reads it back. */
export async function writeManifest(
  { target, owner }: WriteContext,
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
  if ((await fetchText(target, key)) !== text) throw mismatch(key, 'its text differs')
}

function mismatch(key: string, why: string): TickhouseError {
  return new TickhouseError(
    'archive_mismatch',
    `${key}, read back, differs from the table: ${why}`,
    'It is written again; nothing leaves the store before it is archived.',
    { retryable: true },
  )
}
