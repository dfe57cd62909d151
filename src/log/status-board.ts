/** The latest status of each process that writes to a log, for the processes that read it. */

/** The latest status that a process announced. */
export interface Announcement {
  /** Names the process. */
  key: string
  atMs: number
  body: unknown
}

export interface StatusBoard {
  /** Replaces the status announced under this key. It is not a record of the log and has no offset. */
  announce(key: string, body: unknown): Promise<void>
  /** The latest of each key that begins with `prefix`, in order of keys. */
  announcements(prefix?: string): Announcement[]
  /** Since when the log has not answered, ms since 1970 UTC; null if it answers, and always for one on this machine. */
  unreachableSinceMs(): number | null
}
