/**
 * A certificate: an in-toto statement about the ticks of one symbol in a range of time, with the sealed objects that
 * contain them, their proofs of inclusion, and what it does not prove. Format: docs/proof.md.
 */
import { z } from 'zod'
import { type IdKind, idsAreDense } from '../tick/id-kind.ts'
import { type Canonical, canonicalJson } from './canonical.ts'
import type { Claims } from './claims.ts'
import type { Leaf, SymbolSummary } from './leaf.ts'

const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1'
const PREDICATE_TYPE = 'urn:tickhouse:certificate:1'

const count = z.int().min(0)
const text = z.string()
const RUN = z.strictObject({
  run: count,
  firstId: text,
  lastId: text,
  ids: text,
  missing: z.array(z.tuple([text, text])),
  moreMissing: count,
})
const PREDICATE = z.strictObject({
  venue: text,
  symbol: text,
  kind: text,
  /** Start, inclusive, and end, exclusive, of the range of the kind's time column: ns since 1970 UTC. */
  from: text,
  to: text,
  archive: z.uuid(),
  log: text,
  claims: z.strictObject({
    condition: z.enum(['proved', 'degraded', 'unprovable']),
    rows: count,
    firstTime: text,
    lastTime: text,
    volume: text,
    notional: text,
    inexact: count,
    runs: z.array(RUN),
  }),
  notProved: z.array(text),
  software: text,
  checkpoint: text,
  entries: z.array(z.strictObject({ index: count, entry: text, proof: z.array(text) })),
})
const STATEMENT = z.strictObject({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.array(z.strictObject({ name: text, digest: z.strictObject({ sha256: text }) })),
  predicateType: z.literal(PREDICATE_TYPE),
  predicate: PREDICATE,
})

export type Statement = z.output<typeof STATEMENT>
export type Predicate = z.output<typeof PREDICATE>

/** Names of a symbol's ticks in a range of time. */
export interface Range {
  venue: string
  symbol: string
  kind: string
  /** ns since 1970 UTC. */
  from: bigint
  to: bigint
}

/** What the entry states of the range's symbol, by run of its ids, where its object has ticks of the range. */
export function symbolsIn({ kind, venue, symbols }: Leaf, range: Range): SymbolSummary[] {
  if (kind !== range.kind || venue !== range.venue) return []
  return symbols.filter(
    ({ symbol, firstTime, lastTime }) =>
      symbol === range.symbol && BigInt(firstTime) < range.to && BigInt(lastTime) >= range.from,
  )
}

/** Whether the entry's object has ticks of the range. */
export const isOfRange = (leaf: Leaf, range: Range): boolean => symbolsIn(leaf, range).length > 0

/** Whether the ids of all these entries show whether one is missing. */
export function areDense(leaves: readonly Leaf[]): boolean {
  return leaves.length > 0 && leaves.every(({ idKind }) => idsAreDense(idKind as IdKind))
}

const ALWAYS = [
  'That the venue reported every trade, or reported it truly: only that what it sent is recorded.',
  'That nobody was shown another log: compare the checkpoint with one that another party kept.',
  'When a tick happened: times are those of the clocks of the venue and the recorder.',
]

/** What a certificate does not prove, in words. */
export function notProvedOf({ condition, inexact }: Pick<Claims, 'condition' | 'inexact'>): string[] {
  const own = {
    proved: ['Whether trades happened in the range before its first id or after its last one.'],
    degraded: ['What the missing ids were: they are listed.'],
    unprovable: ['That none is missing: this kind of tick, or this venue, has no ids without holes.'],
  }[condition]
  const sums =
    inexact > 0 ? [`The sums of ${inexact} rows with more than 20 decimals: they are not in volume and notional.`] : []
  return [...own, ...sums, ...ALWAYS]
}

/** The objects of the entries as subjects, each once. */
export function subjectsOf(leaves: readonly Leaf[]): Statement['subject'] {
  const objects = new Map(leaves.map(({ object: { key, sha256 } }) => [key, sha256]))
  return [...objects].map(([name, sha256]) => ({ name, digest: { sha256 } }))
}

/** The statement as canonical JSON. */
export function statementText(subject: Statement['subject'], predicate: Predicate): string {
  const statement: Statement = { _type: STATEMENT_TYPE, subject, predicateType: PREDICATE_TYPE, predicate }
  return canonicalJson(statement as unknown as Canonical)
}

/** The statement in a text; null if it is none. */
export function parseStatement(text: string): Statement | null {
  try {
    return STATEMENT.parse(JSON.parse(text))
  } catch {
    return null
  }
}
