/**
 * Storage for archived objects, selected by the scheme of its address: `file:<directory>` or
 * `s3://<bucket>/<prefix>?<options>`.
 */

/** An object read back whole from the archive. */
export interface FetchedObject {
  /** Local file with its bytes, readable until `release`. */
  file: string
  bytes: number
  /** Of the bytes read, hexadecimal. */
  sha256: string
  release(): Promise<void>
}

export interface ArchiveTarget {
  /** Without options and secrets, as in table `archives`. */
  readonly address: string
  /** Local directory for files in transit. */
  readonly spool: string
  /**
   * Removes files that an earlier process left in the spool, and aborts incomplete uploads with a key of our form that
   * were started before `beforeMs` (ms since 1970 UTC), so that another archiver's uploads continue. Returns the number
   * of aborted uploads. Only the archiver calls it.
   */
  cleanUp(beforeMs: number): Promise<number>
  /** Stores a small text under a key unless the key exists. Throws like `put`. */
  create(key: string, text: string): Promise<void>
  /**
   * Stores a spooled file under a key, replacing an existing object. Resolves once it would survive a power loss; the
   * spooled file may be gone then. Throws `archive_unavailable` (retryable), `archive_refused` or `disk_full`: the key
   * then has the old object, the new one or none, but never a partial one.
   */
  put(file: string, key: string): Promise<void>
  /**
   * Reads an object back whole; null if there is none. Throws like `put`, `archive_unavailable` for a truncated
   * response, and, like `put` and `create`, `archive_mismatch` for a key that points outside the archive.
   */
  fetch(key: string): Promise<FetchedObject | null>
  /** All objects below the address, or those with a key prefix, in the order of their keys. Throws like `put`. */
  list(prefix?: string): AsyncIterable<{ key: string; bytes: number }>
  /**
   * Makes objects readable for this process's engine until `close`: returns the table engine for all objects whose key
   * matches a glob (`trades/date=…/….parquet`), and the prefix of an object's key in `_path`.
   */
  readable(pattern: string): Promise<{ engine: string; root: string }>
  close(): Promise<void>
}
