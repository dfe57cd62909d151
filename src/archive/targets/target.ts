/** Where archived objects lie, chosen by the scheme of an address: `file:<directory>` or `s3://<bucket>/<prefix>?<options>`. */

/** An object as it was read back, whole, from where it is archived. */
export interface FetchedObject {
  /** Its bytes as a file of this machine, to be read until `release`. */
  file: string
  bytes: number
  /** Of the bytes read, hexadecimal. */
  sha256: string
  release(): Promise<void>
}

export interface ArchiveTarget {
  /** Without options and secrets: how the ledger names this archive. */
  readonly address: string
  /** A directory of this machine for files on their way. */
  readonly spool: string
  /**
   * Removes what an earlier process left: spooled files, and objects that were sent in part, if they have a key of our own form and
   * were begun before `beforeMs` (ms since 1970 UTC): what another archiver is sending stays. Returns how many such objects there were.
   * For the one that archives here.
   */
  cleanUp(beforeMs: number): Promise<number>
  /** Puts a small text under a key where nothing is; what is there stays. Throws like `put`. */
  create(key: string, text: string): Promise<void>
  /**
   * Puts a spooled file under a key, in place of what is there. Resolves when it would survive a loss of power; the spooled
   * file may be gone then. Throws `archive_unavailable` (retryable), `archive_refused` or `disk_full`: the key then holds
   * the old object, the new one or none, but never a part of one.
   */
  put(file: string, key: string): Promise<void>
  /**
   * Reads an object back, whole. Null if there is none. Throws like `put`, `archive_unavailable` for a cut answer, and
   * `archive_mismatch` for a key that leads out of the archive, as `put` and `create` do.
   */
  fetch(key: string): Promise<FetchedObject | null>
  /** Every object below the address, or those whose keys begin with a prefix, in order of their keys. Throws like `put`. */
  list(prefix?: string): AsyncIterable<{ key: string; bytes: number }>
  /**
   * How the engine of this process reads all objects of a pattern such as `trades/date=…/….parquet`, until `close`: the table engine
   * to give to a table, and what its `_path` has before an object's key.
   */
  readable(pattern: string): Promise<{ engine: string; root: string }>
  close(): Promise<void>
}
