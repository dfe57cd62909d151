/**
 * The store: ClickHouse tables, in an engine in this process or on a server. Table `trades` is the checkpoint too: the position to
 * resume from is read from its rows, never from state written beside it.
 */
import type { SqlEngine } from './sql.ts'

export { INTERNAL_DATABASE } from './sql.ts'

/** The right to write a log partition's ticks, until a later owner takes it. */
export interface Fence {
  partition: number
  /** Higher than that of every owner before. Settling a failed insert may raise it. */
  epoch: number
}

/** Of all active parts: bytes on disk, their number, merges under way, trades in them, and the bytes of those alone. */
export interface StoreSize {
  bytes: number
  parts: number
  merges: number
  trades: number
  tradesBytes: number
}

/** Bytes free on the store's disk, and how few of them end all inserts until there is room again. */
export interface StoreDisk {
  freeBytes: number
  freeBytesMin: number
}

/** Whether the tables are in an engine of this process, which alone may open its directory, or on a ClickHouse server. */
export type StoreKind = 'embedded' | 'server'

export interface Store {
  readonly kind: StoreKind
  /** For people to read: without secrets. */
  readonly address: string
  /** The engine of an embedded store, for SQL over HTTP: a server has an interface of its own. */
  readonly engine?: SqlEngine | undefined
  /** The engine's version. */
  readonly version: string
  /**
   * Takes a log partition over from whoever wrote it before. Resolves once nothing of an earlier owner can be stored any more;
   * see `docs/reliability.md`, one writer.
   */
  claim(partition: number): Promise<Fence>
  /**
   * After an insert that failed: resolves once it can no longer commit. The tables then say how it ended. Throws `store_fenced` if a
   * later owner has taken the partition over.
   */
  settle(fence: Fence): Promise<void>
  /**
   * Inserts one Native block: all of it or nothing. Throws `store_fenced` if a later owner has taken the fence's partition over: he
   * has asked the tables, or will, what arrived before. Any other TickhouseError: the outcome is unknown until `settle` resolved.
   */
  insertBlock(table: string, block: Uint8Array<ArrayBuffer>, fence: Fence): Promise<void>
  /** Inserts a few rows given as objects, as one part like a block; under a fence where a partition's owner writes them. */
  insertRows(table: string, rows: readonly Record<string, unknown>[], fence?: Fence): Promise<void>
  /** Deletes rows and resolves once they are gone. Throws a TickhouseError; it may be asked for again. */
  deleteRows(table: string, where: string, params: Record<string, unknown>): Promise<void>
  /** Rows of a SELECT as objects. Integers come as numbers: ask for what may lie beyond 2^53 as text. */
  rows<T>(query: string, params?: Record<string, unknown>): Promise<T[]>
  /**
   * Runs one statement that returns no rows: a definition, or an INSERT from a SELECT. The settings apply to it alone. Throws
   * TickhouseErrors; the statement may then have taken effect.
   */
  command(
    statement: string,
    params?: Record<string, unknown>,
    settings?: Readonly<Record<string, string | number>>,
  ): Promise<void>
  /** Drops a table's rows of one log day, `YYYY-MM-DD`; harmless where there are none. Throws TickhouseErrors; may be repeated. */
  dropPartition(table: string, day: string): Promise<void>
  /** Writes the rows of a SELECT to a new Parquet file on this machine, in bounded memory. A failure may leave a part of the file. */
  writeParquet(select: string, params: Record<string, unknown>, file: string): Promise<void>
  /** Runs a stranger's SELECT, SHOW or DESCRIBE, already checked by `serve/sql/query-guard.ts`, within limits, until an abort; the answer's bytes. */
  untrusted(query: string, format: string, signal?: AbortSignal): Promise<Uint8Array>
  /** The disk of an embedded store; null for a server, which looks after its own. */
  disk(): StoreDisk | null
  /** What the tables take, as it stands. */
  size(): Promise<StoreSize>
  close(): Promise<void>
}
