/** Retention: which records a log may drop. */

/** The store and the archive have every record below these offsets: only records below both may be dropped. */
export interface TrimFloor {
  storedBelow: number
  archivedBelow: number
}

export interface LogRetention {
  /** Default retention of archived records, hours; null: unlimited. */
  readonly keepHours: number | null
  /**
   * Drops the records below both offsets and returns how many it dropped. Where only another process can drop them, the
   * request is stored for that process: returns 0, and `bounds` shows when it is done.
   */
  trim(partition: number, floor: TrimFloor): Promise<number>
  /** Bytes on disk, on all machines. For a log on other machines the value is some seconds old. */
  sizeBytes(): number
}
