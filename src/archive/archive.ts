/**
 * The archive: closed slices of the tables as Parquet objects in a directory or bucket. Nothing is called archived, and nothing
 * may leave the store or the log for it, before the archived object was read back and found equal to the table.
 *
 *   kind    a table that is archived
 *   slice   a range of one log partition's offsets: the records the log took within one hour (or day) of its own time
 *   object  the rows of one kind in one slice, a Parquet file under a key that the slice alone determines
 *   ledger  table `archive_ledger`: what is archived, where, and the proof; a manifest beside the objects says the same
 */

/** The records of one log partition from `firstOffset` to `lastOffset`, both included, within one hour or day of the log. */
export interface Segment {
  partition: number
  firstOffset: number
  lastOffset: number
  /** Start and end of the hour or day, ms since 1970 UTC; the end is not included. */
  startMs: number
  endMs: number
}

/** How an archived slice fares: see the schema of `archive_ledger`. */
export type CatalogState = 'verified' | 'stale' | 'dropping' | 'dropped'

/**
 * What is known of a set of rows, in whatever order: the same for the table's rows and for those read back from the archive, or
 * they differ. Hashes and times are decimal text. An empty set has zeros.
 */
export interface Fingerprint {
  rows: number
  /** Sum of cityHash64 and xor of xxHash64 over all columns of each row, doubles and times by their bits. */
  hashSum: string
  hashXor: string
  lowestOffset: number
  lowestIndex: number
  highestOffset: number
  highestIndex: number
  /** The kind's own clock, ns since 1970 UTC. */
  firstTimeNanos: string
  lastTimeNanos: string
}

/** One kind of one slice as the ledger and the manifest have it. */
export interface ArchivedObject extends Fingerprint {
  kind: string
  slice: Segment
  /** Below the archive's address; '' where the slice has no rows of this kind: then there is no object. */
  key: string
  bytes: number
  /** Of the object's bytes, hexadecimal; '' without an object. */
  sha256: string
  state: CatalogState
  /** The store's clock before the table was asked, ms since 1970 UTC: what moved rows later is not in the object. */
  asOfMs: number
  verifiedAtMs: number
  /** Rises with each row of the ledger about the same slice, µs since 1970 UTC. */
  changedAtMicros: number
}

/** How archiving fares, for whoever shows it. */
export interface ArchiveMetrics {
  readonly address: string
  /** Verified, in the ledger. */
  objects: number
  rows: number
  bytes: number
  /** How long ago the oldest slice ended that could be archived and is not, ms; 0 if none waits. */
  behindMs: number
  /** By log partition: all records below are archived and verified. */
  readonly archivedBelow: Map<number, number>
  /** What failed last and is not mended yet. */
  failure: { atMs: number; why: string; advice: string } | null
}
