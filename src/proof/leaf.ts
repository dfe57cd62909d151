/**
 * An entry of the transparency log: the manifest of one archived object, or of one venue's part of it, as canonical JSON.
 * An object that was archived again has later entries; the last ones count. Format: docs/proof.md.
 */
import { z } from 'zod'
import { type Canonical, canonicalJson } from './canonical.ts'

const count = z.int().min(0)
const integer = z.string().regex(/^-?(0|[1-9]\d{0,38})$/)
const decimal = z.string().regex(/^-?(0|[1-9]\d*)(\.\d*[1-9])?$/)
const range = z.tuple([integer, integer])

/** What the object has of a symbol; of trades, of one run of its ids. */
const SYMBOL = z.strictObject({
  symbol: z.string(),
  rows: count,
  /** Of the kind's time column, ns since 1970 UTC. */
  firstTime: integer,
  lastTime: integer,
  trades: z
    .strictObject({
      run: count,
      /** Lowest and highest id; null where ids have no order. */
      firstId: integer.nullable(),
      lastId: integer.nullable(),
      /** Different ids; null where ids are not dense. */
      ids: count.nullable(),
      /** Ids between first and last that are not in this object, at most 50 ranges, and how many ranges more; null where ids are not dense. */
      missing: z.array(range).nullable(),
      moreMissing: count,
      /** Exact sums of the doubles' shortest decimals: of `volume`, and of `price` · `volume`. */
      volume: decimal,
      notional: decimal,
      /** Rows whose price or volume has more than 20 decimals, or 36 digits before them: not in the sums. */
      inexact: count,
    })
    .optional(),
})

const LEAF = z.strictObject({
  version: z.literal(1),
  archive: z.uuid(),
  log: z.string(),
  /** Table of the rows. */
  kind: z.string(),
  /** '' for quarantine and daily tables. */
  venue: z.string(),
  /** Kind of the venue's trade ids, '' if the rows are no trades: see src/tick/id-kind.ts. */
  idKind: z.string(),
  /** Offsets in a partition of the log, and its hour or day, ms since 1970 UTC. */
  segment: z.strictObject({
    partition: count,
    firstOffset: count,
    lastOffset: count,
    startMs: count,
    endMs: count,
  }),
  /** The Parquet file. `hashSum`, `hashXor`: over all columns of all its rows, in any order: see docs/archive.md. */
  object: z.strictObject({
    key: z.string().min(1),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    bytes: count,
    rows: count,
    hashSum: integer,
    hashXor: integer,
  }),
  /** Number of this entry among those of the object, from 1, and their number. */
  part: z.tuple([count, count]),
  software: z.string(),
  symbols: z.array(SYMBOL),
})

export type Leaf = z.output<typeof LEAF>
export type SymbolSummary = z.output<typeof SYMBOL>

/** The entry's text. Throws TypeError for a value without a canonical form. */
export function leafText(leaf: Leaf): string {
  return canonicalJson(JSON.parse(JSON.stringify(leaf)) as Canonical)
}

/** The leaf in an entry; null if it has another form, or not the canonical one. */
export function parseLeaf(text: string): Leaf | null {
  try {
    const { data } = LEAF.safeParse(JSON.parse(text))
    return data && leafText(data) === text ? data : null
  } catch {
    return null
  }
}
