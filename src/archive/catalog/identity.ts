/**
 * Whose an archive is. One small object at its top, the marker, names it for ever and says which log's records are in it: made by the
 * first that archives there, and never written again. So an archive is known wherever it was moved to, and another's is left alone.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { TickhouseError } from '../../errors.ts'
import type { Asked } from '../columns.ts'
import { shownKey } from '../keys.ts'
import type { ArchiveTarget } from '../targets/target.ts'
import { fetchText, LOG_IDENTITY, type Owner } from './manifest.ts'

export const MARKER = 'archive.json'

const VERSION = 1
const SCHEMA = z.strictObject({
  version: z.literal(VERSION),
  archive: z.uuid(),
  log: LOG_IDENTITY,
  createdMs: z.int().min(0),
  /** Of archive and log: a marker that was damaged, or on its way here, must not pass for another's. */
  sha256: z.string(),
})

const sha256Of = ({ archive, log }: Owner): string => createHash('sha256').update(`${archive}\n${log}`).digest('hex')

/** What the marker says; null if there is none. Throws `archive_mismatch` for one that cannot be understood. */
export async function readMarker(target: ArchiveTarget): Promise<Owner | null> {
  const text = await fetchText(target, MARKER)
  if (text === null) return null
  try {
    const { archive, log, sha256 } = SCHEMA.parse(JSON.parse(text))
    if (sha256 !== sha256Of({ archive, log })) throw new Error('its sha256 is another')
    return { archive, log }
  } catch (error) {
    throw new TickhouseError(
      'archive_mismatch',
      `${MARKER} of the archive ${target.address} cannot be understood, so whose archive it is cannot be told`,
      'Nothing was written there. Put the file back from a copy, use the version of tickhouse that wrote it, or give TICKHOUSE_ARCHIVE a new place.',
      { cause: error },
    )
  }
}

/** Makes the marker where there is none, and says what it is then: that of another who was first, perhaps. */
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
    `${MARKER} was written to the archive ${target.address} and is not there`,
    'Archiving tries again by itself; nothing leaves the store before it is archived.',
    { retryable: true },
  )
}

/** What is said where an archive, or something in it, is of another log than the one at hand. */
export function foreignArchive(address: string, why: string): TickhouseError {
  return new TickhouseError(
    'archive_foreign',
    `the archive ${address} is not this log's: ${shownKey(why)}`,
    'Nothing was written there. Give TICKHOUSE_ARCHIVE a new, empty place and keep this one as it is: see docs/archive.md.',
  )
}

/** Says the same of an archive by its owner; nothing if it is this log's. */
export function checkOwner(address: string, owner: Owner, log: string): void {
  if (owner.log !== log) throw foreignArchive(address, `it holds records of log ${owner.log}, not of ${log}`)
}

/** The log that a store follows; null if it follows none yet. */
export async function followedLog(asked: Asked): Promise<string | null> {
  const [row] = await asked.rows<{ identity: string }>('SELECT identity FROM log_identity')
  return row?.identity ?? null
}
