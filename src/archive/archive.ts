/**
 * The archive: closed segments of the tables as Parquet objects in a directory or bucket. A segment counts as archived,
 * and its rows and records may leave store and log, only after its objects were read back and found equal to the
 * tables.
 *
 *   kind     an archived table
 *   segment  offsets of one log partition: the records of one hour (or day) by the log's time
 *   object   rows of one kind in one segment: a Parquet file; the segment alone determines its key
 *   catalog  table `archive_ledger`: archived objects with their checksums, repeated in manifests beside the objects
 */

/**
 * The records of one log partition from `firstOffset` to `lastOffset`, inclusive, within one hour or day of the log's
 * time.
 */
export interface Segment {
  partition: number
  firstOffset: number
  lastOffset: number
  /** Start (inclusive) and end (exclusive) of the hour or day, ms since 1970 UTC. */
  startMs: number
  endMs: number
}

/** State of an archived object: see the schema of `archive_ledger`. */
export type CatalogState = 'verified' | 'stale' | 'dropping' | 'dropped'

/**
 * Counts, bounds and checksums of a set of rows, independent of their order: rows of the table and rows read back from
 * the archive are equal if these are. Hashes and times are decimal text. An empty set has zeros.
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
  /** In the kind's time column, ns since 1970 UTC. */
  firstTimeNanos: string
  lastTimeNanos: string
}

/** One kind of one segment, as in the catalog and the manifest. */
export interface ArchivedObject extends Fingerprint {
  kind: string
  segment: Segment
  /** Relative to the archive's address; '' if the segment has no rows of this kind: then there is no object. */
  key: string
  bytes: number
  /** Of the object's bytes, hexadecimal; '' without an object. */
  sha256: string
  state: CatalogState
  /** The store's clock just before the table was read, ms since 1970 UTC: rows moved later are not in the object. */
  asOfMs: number
  verifiedAtMs: number
  /** Rises with each catalog row of the same segment, µs since 1970 UTC. */
  changedAtMicros: number
}

/** The transparency log of the archive: see docs/proof.md. */
export interface SealMetrics {
  /** Entries under the last checkpoint. */
  entries: number
  /** Objects in the catalog that have no entry yet. */
  unsealedObjects: number
  /** When the last checkpoint was signed, ms since 1970 UTC; null if none was. */
  checkpointMs: number | null
  /** Entries under the last checkpoint that a witness cosigned; null if none did since the start. */
  cosignedEntries: number | null
  /** The last failure, null once sealing has succeeded since. */
  failure: { atMs: number; why: string; advice: string } | null
}

/** What witnesses ask of the process that seals, and give it. */
export interface Cosigning {
  /** The log's public key, and the newest checkpoint as a request to a witness that knows the one of `old` entries; null while there is none. */
  request(old: number): Promise<{ key: string; request: string } | null>
  /** Stores a checkpoint of this log with a witness's cosignature. Returns why it is refused, else null. */
  accept(witness: string, note: string): Promise<string | null>
}

/** Progress and health of archiving. */
export interface ArchiveMetrics {
  readonly address: string
  /** Verified, in the catalog. */
  objects: number
  rows: number
  bytes: number
  /** Time since the end of the oldest closed segment not yet archived, ms; 0 if there is none. */
  behindMs: number
  /** By log partition: all records below this offset are archived and verified. */
  readonly archivedBelow: Map<number, number>
  /** Null if sealing is off. */
  readonly seal: SealMetrics | null
  /** The last failure, null once a round has succeeded since. */
  failure: { atMs: number; why: string; advice: string } | null
}
