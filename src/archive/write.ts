/** One object on its way into the archive: written, read back, compared. */
import fs from 'node:fs'
import { TickhouseError } from '../errors.ts'
import type { StoreFiles } from '../store/files.ts'
import type { Store } from '../store/store.ts'
import type { ArchivedObject, Slice } from './archive.ts'
import { type Column, columnsOf } from './columns.ts'
import type { Kind } from './kinds.ts'
import { laterThan } from './ledger.ts'
import { manifestOf } from './manifest.ts'
import { differences, fileSource, fingerprintFrom, fingerprintQuery } from './proof.ts'
import { spoolFile } from './spool.ts'
import type { ArchiveTarget } from './target.ts'

export interface Writing {
  store: Store
  files: StoreFiles
  target: ArchiveTarget
}

/** Rows of one kind and where they go. */
export interface ObjectTask {
  kind: Kind
  slice: Slice
  key: string
  /** Selects the rows, with its parameters. */
  where: string
  params: Record<string, unknown>
  /** What the ledger says of them so far. */
  before?: ArchivedObject | undefined
}

/**
 * Writes an object and reads it back. Resolves once the archived rows are those of the table; an empty slice makes no object.
 * Throws `archive_mismatch` (retryable) if they differ, or what the store or the target throw.
 */
export async function writeObject(writing: Writing, task: ObjectTask): Promise<ArchivedObject> {
  const { store, files, target } = writing
  const { kind, slice, where, params, before } = task
  const columns = await columnsOf(store, kind.table)
  const [clock] = await store.rows<{ ms: string }>('SELECT toUnixTimestamp64Milli(now64(3)) AS ms')
  const expected = fingerprintFrom(
    await store.rows(fingerprintQuery(kind, columns, `(SELECT * FROM ${kind.table} WHERE ${where})`), params),
  )
  if (before && kind.table === 'trades' && expected.rows < before.rows) throw rowsGone(task, expected.rows)
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
  if (expected.rows > 0) {
    const spooled = spoolFile(target.spool)
    try {
      await files.write(`SELECT * FROM ${kind.table} WHERE ${where} ORDER BY ${kind.orderBy}`, params, spooled)
      await target.put(spooled, task.key)
    } finally {
      await fs.promises.rm(spooled, { force: true })
    }
    Object.assign(object, await readBack(writing, kind, columns, object))
  }
  return { ...object, verifiedAtMs: Date.now() }
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
  { target }: Writing,
  key: string,
  objects: readonly ArchivedObject[],
): Promise<void> {
  const text = manifestOf(objects)
  const spooled = spoolFile(target.spool)
  try {
    await fs.promises.writeFile(spooled, text, { flag: 'wx' })
    await target.put(spooled, key)
  } finally {
    await fs.promises.rm(spooled, { force: true })
  }
  const fetched = await target.fetch(key)
  const found = fetched && (await fs.promises.readFile(fetched.file, 'utf8'))
  await fetched?.release()
  if (found !== text) throw mismatch(key, 'it does not say what was written')
}

function mismatch(key: string, why: string): TickhouseError {
  return new TickhouseError(
    'archive_mismatch',
    `${key} was read back and is not what the table holds: ${why}`,
    'It is written again; nothing leaves the store before it is archived.',
    { retryable: true },
  )
}

function rowsGone({ key, before }: ObjectTask, rows: number): TickhouseError {
  return new TickhouseError(
    'archive_mismatch',
    `${key} holds ${before!.rows} rows and the table only ${rows}: the archived object is left as it is`,
    'Run: tickhouse archive verify, and see docs/archive.md.',
  )
}
