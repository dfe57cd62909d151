/** Makes a certificate about a symbol's ticks from the archive alone: the store is not needed. */
import { TickhouseError } from '../../errors.ts'
import {
  areDense,
  notProvedOf,
  type Predicate,
  type Range,
  statementText,
  subjectsOf,
} from '../../proof/certificate.ts'
import { type Claims, claimsOf, type ObjectFacts } from '../../proof/claims.ts'
import { signEnvelope } from '../../proof/dsse.ts'
import { currentEntries, type Entry, hashesReader, sealedEntries } from '../../proof/entries.ts'
import { inclusionProof } from '../../proof/merkle.ts'
import { openCheckpoint, parseNote, parseVerifier, type Signer, verifierText } from '../../proof/note.ts'
import type { ReadFile } from '../../proof/tiles.ts'
import { CHECKPOINT, cosignedPath } from '../../proof/tlog.ts'
import { type ArchiveReader, hasStatedRows } from '../../proof/verify.ts'
import { VERSION } from '../../version.ts'

/** Text of a certificate, JSON, and what it claims, of the newest checkpoint or a pinned one. Throws `archive_mismatch` if log or objects are damaged, `usage` if nothing of the range is sealed. */
export async function certify(
  archive: ArchiveReader,
  signer: Signer,
  range: Range,
  pinned?: string,
): Promise<{ text: string; claims: Claims; objects: number; witnesses: string[] }> {
  const note = pinned ?? (await archive.readLog(CHECKPOINT))?.toString() ?? ''
  const checkpoint = openCheckpoint(note, parseVerifier(verifierText(signer))!)
  if (!checkpoint) throw unusable('nothing in it is sealed with this key')
  const { hashes, entries } = await sealedEntries(archive.readLog, checkpoint, range)
  const current = currentEntries(entries, range)
  const facts: ObjectFacts[][] = []
  for (const entry of current) facts.push(await factsOf(archive, entry, range))
  const leaves = current.map(({ leaf }) => leaf)
  const claims = claimsOf(facts, areDense(leaves))
  if (!claims) throw nothing(range)
  const certified: Predicate['entries'] = []
  for (const { index, text } of current) {
    const proof = await inclusionProof(index, checkpoint.size, hashesReader(hashes))
    certified.push({ index, entry: text, proof: proof.map(hash => hash.toString('base64')) })
  }
  const { venue, symbol, kind, from, to } = range
  const subject = subjectsOf(leaves)
  // A pinned one has those of its time, and may have more by now.
  const cosigned = await cosignedNote(archive.readLog, note, checkpoint.size)
  const statement = statementText(subject, {
    ...{ venue, symbol, kind, from: String(from), to: String(to) },
    archive: leaves[0]!.archive,
    log: leaves[0]!.log,
    claims,
    notProved: notProvedOf(claims),
    software: `tickhouse ${VERSION}`,
    checkpoint: cosigned,
    entries: certified,
  })
  const witnesses = parseNote(cosigned)!.signatures.map(({ name }) => name)
  const envelope = signEnvelope(statement, signer, verifierText(signer))
  return {
    text: `${JSON.stringify(envelope, null, 1)}\n`,
    claims,
    objects: subject.length,
    witnesses: witnesses.filter(name => name !== signer.name),
  }
}

/** The checkpoint with the cosignatures that it has by now. */
export async function cosignedNote(read: ReadFile, note: string, size: number): Promise<string> {
  const found = (await read(cosignedPath(size)))?.toString() ?? ''
  return parseNote(found)?.text === parseNote(note)!.text ? found : note
}

async function factsOf(archive: ArchiveReader, { leaf }: Entry, range: Range): Promise<ObjectFacts[]> {
  const read = await archive.readObject(leaf, range)
  // Nobody would accept a certificate whose entries state other rows.
  if (read && !hasStatedRows(leaf, range.symbol, read.symbols))
    throw unusable(`${leaf.object.key} has other rows of ${range.symbol} than its entry states`)
  if (read) return read.facts
  throw unusable(`${leaf.object.key} is missing or has other bytes than were sealed`)
}

function unusable(why: string): TickhouseError {
  return new TickhouseError(
    'archive_mismatch',
    `the archive cannot be certified: ${why}`,
    'Run tickhouse archive verify, and read the events seal_failed: see docs/proof.md.',
  )
}

function nothing({ venue, symbol, kind }: Range): TickhouseError {
  return new TickhouseError(
    'usage',
    `no ${kind} of ${venue}:${symbol} in this range are sealed`,
    'An hour is archived and sealed about a minute after its end: tickhouse archive status shows how far.',
  )
}
