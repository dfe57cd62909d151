/** Which process stores which partitions: a log that several processes read assigns each partition to one of them. */

/** Notified of the partitions assigned to this process. */
export interface AssignmentListener {
  /**
   * The partition is assigned to this process. Its previous owner may still be writing: the store must fence writes.
   */
  onAssigned(partition: number): void
  /** The partition is no longer assigned to this process. Resolves once this process writes nothing more of it. */
  onRevoked(partition: number): Promise<void>
}

export interface PartitionAssignment {
  /**
   * Joins the processes that store this log until the signal aborts; resolves once all partitions are revoked. A log
   * on SQLite has one storing process, which gets all partitions. Rejects with `log_refused` where this process may not join.
   */
  join(listener: AssignmentListener, signal: AbortSignal): Promise<void>
  /** Publishes that all records below `below` are stored, on Kafka as the group's offset, for tools that show lag. Ingest never resumes from it. */
  noteStored(partition: number, below: number): void
}
