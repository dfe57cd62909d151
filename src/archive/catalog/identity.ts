/**
 * Ownership of an archive. A small object at its root, the marker, contains the archive's id and the identity of its
 * log. The first archiver writes it, once. So a moved archive is recognised, and another log's archive is refused.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { TickhouseError } from '../../errors.ts'
import type { RowSource } from '../columns.ts'
import { shownKey } from '../keys.ts'
import type { ArchiveTarget } from '../targets/target.ts'
import { fetchText, LOG_IDENTITY, type Owner, refuseNewer } from './manifest.ts'

export const MARKER = 'archive.json'

const VERSION = 1
const SCHEMA = z.strictObject({
  version: z.literal(VERSION),
  archive: z.uuid(),
  log: LOG_IDENTITY,
  createdMs: z.int().min(0),
  /** Of `archive` and `log`: a damaged or partly copied marker must not pass for another's. */
  sha256: z.string(),
})

const sha256Of = ({ archive, log }: Owner): string => createHash('sha256').update(`${archive}\n${log}`).digest('hex')

/** The owner in the marker; null without a marker. Throws `archive_mismatch` if it is unreadable. */
export async function readMarker(target: ArchiveTarget): Promise<Owner | null> {
  const text = await fetchText(target, MARKER)
  if (text === null) return null
  try {
    refuseNewer(`${MARKER} of the archive ${target.address}`, JSON.parse(text), VERSION)
    const { archive, log, sha256 } = SCHEMA.parse(JSON.parse(text))
    if (sha256 !== sha256Of({ archive, log })) throw new Error('its sha256 does not match')
    return { archive, log }
  } catch (error) {
    if (error instanceof TickhouseError) throw error
    throw new TickhouseError(
      'archive_mismatch',
      `cannot read ${MARKER} of the archive ${target.address}: its owner is unknown`,
      'Nothing was written there. Restore the file from a copy, use the tickhouse version that wrote it, or set TICKHOUSE_ARCHIVE to a new location.',
      { cause: error },
    )
  }
}

/**
 * Creates the marker if there is none. Returns the owner in the marker then present: another process may have been
 * first.
 */
export async function makeMarker(target: ArchiveTarget, { archive, log }: Owner): Promise<Owner> {
  const marker: z.output<typeof SCHEMA> = {
    version: VERSION,
    archive,
    log,
    createdMs: Date.now(),
    sha256: sha256Of({ archive, log }),
  }
  await target.create(MARKER, `${JSON.stringify(marker, null, 1)}\n`)
  const made = await readMarker(target)
  if (made) return made
  throw new TickhouseError(
    'archive_unavailable',
    `${MARKER} was written to the archive ${target.address} but cannot be found`,
    'Archiving is retried; nothing leaves the store before it is archived.',
    { retryable: true },
  )
}

/** Error for an archive, or an object in it, of another log. */
export function foreignArchive(address: string, why: string): TickhouseError {
  return new TickhouseError(
    'archive_foreign',
    `the archive ${address} does not belong to this log: ${shownKey(why)}`,
    'Nothing was written there. Set TICKHOUSE_ARCHIVE to a new, empty location and keep this one: see docs/archive.md.',
  )
}

/** Throws `archive_foreign` if the owner is another log. */
export function checkOwner(address: string, owner: Owner, log: string): void {
  if (owner.log !== log) throw foreignArchive(address, `it contains records of log ${owner.log}, not of ${log}`)
}

/** Identity of the log whose records are in the store; null if there is none yet. */
export async function followedLog(source: RowSource): Promise<string | null> {
  const [row] = await source.rows<{ identity: string }>('SELECT identity FROM log_identity')
  return row?.identity ?? null
}
