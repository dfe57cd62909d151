/** The latest status of each process that writes to a log, for the processes that read it. */

/** The latest status that a process announced. */
export interface Announcement {
  station: string
  atMs: number
  body: unknown
}

export interface StatusBoard {
  /** Replaces the status announced under this name. It is not part of the tick record. */
  announce(station: string, body: unknown): Promise<void>
  announcements(): Announcement[]
  /** Since when the log has not answered, ms since 1970 UTC; null if it answers, and always for one on this machine. */
  unreachableSinceMs(): number | null
}
