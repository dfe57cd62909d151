/** Checks a certificate against an archive, offline: the first thing that is wrong is the reason of its refusal. */
import type { TickhouseError } from '../errors.ts'
import {
  areDense,
  notProvedOf,
  type Predicate,
  parseStatement,
  type Range,
  type Statement,
  subjectsOf,
} from './certificate.ts'
import { claimsOf, type ObjectFacts } from './claims.ts'
import { cosignedAt } from './cosignature.ts'
import { openEnvelope, parseEnvelope } from './dsse.ts'
import { currentEntries, type Entry, hashesReader, sealedEntries } from './entries.ts'
import { type Leaf, parseLeaf, type SymbolSummary } from './leaf.ts'
import { leafHash, rootByInclusion, rootOf } from './merkle.ts'
import { type Checkpoint, openCheckpoint, type Verifier } from './note.ts'
import type { ReadFile } from './tiles.ts'

/**
 * Why a certificate is refused. `format`: it is no certificate. `signature`: the key did not sign it. `checkpoint`, `inclusion`: its
 * checkpoint or an entry does not belong to the log. `witness`: a required one did not cosign the checkpoint. `log`: the archive's log is damaged, or not signed by the key; `rolled_back`: it is older than the
 * certificate; `forked`: it is another one. `object`: a file is missing or changed; `superseded`: it was archived again since. `rows`: its rows
 * are not those of its entry. `omitted`: the log has more objects of the range. `claims`: the statement does not follow from the rows.
 */
export const REFUSALS = [
  'format',
  'signature',
  'checkpoint',
  'witness',
  'inclusion',
  'log',
  'rolled_back',
  'forked',
  'superseded',
  'object',
  'omitted',
  'rows',
  'claims',
] as const
export type Refusal = (typeof REFUSALS)[number]

/** A witness, and when it cosigned, s since 1970 UTC. */
export interface Cosigned {
  witness: string
  seconds: number
}

export type Verdict =
  | { accepted: true; predicate: Predicate; cosigned: Cosigned[] }
  | { accepted: false; refusal: Refusal; why: string }

/** Reads an archive. Methods throw errors of its target. */
export interface ArchiveReader {
  readLog: ReadFile
  /** Facts and summary of an object's rows; null if it is missing or its SHA-256 differs. */
  readObject(leaf: Leaf, range: Range): Promise<{ facts: ObjectFacts[]; symbols: SymbolSummary[] } | null>
}

class Refused extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal, why: string) {
    super(why)
    this.refusal = refusal
  }
}

/** Checks a certificate's text; all these witnesses must have cosigned its checkpoint. Throws errors of the archive's target only. */
export async function verifyCertificate(
  text: string,
  archive: ArchiveReader,
  verifier: Verifier,
  witnesses: readonly Verifier[] = [],
): Promise<Verdict> {
  try {
    return { accepted: true, ...(await check(text, archive, verifier, witnesses)) }
  } catch (error) {
    if (error instanceof Refused) return { accepted: false, refusal: error.refusal, why: error.message }
    throw error
  }
}

async function check(
  text: string,
  archive: ArchiveReader,
  verifier: Verifier,
  witnesses: readonly Verifier[],
): Promise<{ predicate: Predicate; cosigned: Cosigned[] }> {
  const envelope = parseEnvelope(text)
  if (!envelope) throw new Refused('format', 'it is no DSSE envelope with an in-toto statement')
  const payload = openEnvelope(envelope, verifier)
  if (payload === null) throw new Refused('signature', `it is not signed by ${verifier.name}`)
  const statement = parseStatement(payload)
  if (!statement) throw new Refused('format', 'its statement is no certificate of this version')
  const { predicate } = statement
  const checkpoint = openCheckpoint(predicate.checkpoint, verifier)
  if (!checkpoint) throw new Refused('checkpoint', `its checkpoint is not signed by ${verifier.name}`)
  const cosigned = witnesses.map(witness => cosignedBy(predicate.checkpoint, witness))
  const certified = predicate.entries.map(entry => includedEntry(entry, checkpoint))
  const range = rangeOf(predicate)
  const current = await entriesOf(archive, verifier, checkpoint, range)
  compareEntries(statement, certified, current, checkpoint, range)
  const facts: ObjectFacts[][] = []
  for (const { leaf } of certified) facts.push(await objectFacts(archive, leaf, range))
  const claims = claimsOf(facts, areDense(certified.map(({ leaf }) => leaf)))
  if (JSON.stringify(sorted(claims)) !== JSON.stringify(sorted(predicate.claims)))
    throw new Refused('claims', `the rows show ${JSON.stringify(claims)}`)
  if (JSON.stringify(predicate.notProved) !== JSON.stringify(notProvedOf(claims!)))
    throw new Refused('claims', 'it does not list all that is not proved')
  return { predicate, cosigned }
}

function cosignedBy(note: string, witness: Verifier): Cosigned {
  const at = cosignedAt(note, witness)
  if (typeof at === 'number') return { witness: witness.name, seconds: at }
  const why = at === 'missing' ? 'has not cosigned its checkpoint' : 'cosigned another checkpoint, or another key did'
  throw new Refused('witness', `${witness.name} ${why}`)
}

/** The entry. Its proof must lead to the checkpoint's root. */
function includedEntry({ index, entry, proof }: Predicate['entries'][number], checkpoint: Checkpoint): Entry {
  const hashes = proof.map(hash => Buffer.from(hash, 'base64'))
  const root = rootByInclusion(index, checkpoint.size, leafHash(Buffer.from(entry)), hashes)
  if (!root?.equals(checkpoint.root)) throw new Refused('inclusion', `entry ${index} is not in its checkpoint`)
  const leaf = parseLeaf(entry)
  if (!leaf) throw new Refused('format', `entry ${index} has another form`)
  return { index, text: entry, leaf }
}

function rangeOf({ venue, symbol, kind, from, to }: Predicate): Range {
  if (!/^\d{1,20}$/.test(from) || !/^\d{1,20}$/.test(to)) throw new Refused('format', 'its range is no time')
  return { venue, symbol, kind, from: BigInt(from), to: BigInt(to) }
}

/** Entries of the range in the archive's log, which must continue the certificate's checkpoint. */
async function entriesOf(archive: ArchiveReader, verifier: Verifier, checkpoint: Checkpoint, range: Range) {
  const note = (await archive.readLog('checkpoint'))?.toString() ?? ''
  const own = openCheckpoint(note, verifier)
  if (!own) throw new Refused('log', `the checkpoint of the archive is missing or not signed by ${verifier.name}`)
  if (own.size < checkpoint.size)
    throw new Refused('rolled_back', `the log has ${own.size} entries, the certificate's had ${checkpoint.size}`)
  const { hashes, entries } = await sealedEntries(archive.readLog, own, range).catch(error => {
    if ((error as TickhouseError).code !== 'archive_mismatch') throw error
    throw new Refused('log', (error as Error).message)
  })
  const root = await rootOf(checkpoint.size, hashesReader(hashes))
  if (!root.equals(checkpoint.root))
    throw new Refused('forked', `the first ${checkpoint.size} entries of the log are not those of the certificate`)
  return entries
}

/** Compares the entries with what the log had at the certificate's checkpoint, and with what it has now. */
function compareEntries(
  { subject, predicate }: Statement,
  certified: readonly Entry[],
  entries: readonly Entry[],
  { size }: Checkpoint,
  range: Range,
): void {
  const then = currentEntries(
    entries.filter(({ index }) => index < size),
    range,
  )
  const indexes = (some: readonly Entry[]) => some.map(({ index }) => index).join(' ')
  const extra = certified.find(({ index }) => !then.some(entry => entry.index === index))
  if (extra) throw new Refused('claims', `entry ${extra.index} is not one of this symbol and range that counts`)
  if (indexes(certified) !== indexes(then)) throw new Refused('omitted', `entries ${indexes(then)} belong to the range`)
  if (JSON.stringify(sorted(subject)) !== JSON.stringify(sorted(subjectsOf(certified.map(({ leaf }) => leaf)))))
    throw new Refused('claims', 'its subjects are not the objects of its entries')
  if (certified.some(({ leaf }) => leaf.archive !== predicate.archive || leaf.log !== predicate.log))
    throw new Refused('claims', 'its entries are of another archive or log')
  const later = entries.find(
    ({ index, leaf }) =>
      index >= size &&
      certified.some(({ leaf: { object } }) => object.key === leaf.object.key && object.sha256 !== leaf.object.sha256),
  )
  if (later) throw new Refused('superseded', `${later.leaf.object.key} was archived again since: entry ${later.index}`)
}

async function objectFacts(archive: ArchiveReader, leaf: Leaf, range: Range): Promise<ObjectFacts[]> {
  const read = await archive.readObject(leaf, range)
  if (!read) throw new Refused('object', `${leaf.object.key} is missing, or its SHA-256 is not that of its entry`)
  if (!hasStatedRows(leaf, range.symbol, read.symbols))
    throw new Refused('rows', `${leaf.object.key} has other rows of ${range.symbol} than its entry`)
  return read.facts
}

/** Whether a summary of an object's rows is what its entry states of the symbol. */
export function hasStatedRows(leaf: Leaf, name: string, symbols: readonly SymbolSummary[]): boolean {
  const stated = leaf.symbols.filter(({ symbol }) => symbol === name)
  return JSON.stringify(sorted(symbols)) === JSON.stringify(sorted(stated))
}

/** The same value with the names of its objects in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, field]) => [name, sorted(field)]))
}
