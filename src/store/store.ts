/**
 * The store: ClickHouse tables, in an engine in this process or on a server. They are the checkpoint too: the position to resume
 * from is read from them (ingest/checkpoint.ts), never from a file beside them.
 */
import type { Selection, SqlEngine } from './sql.ts'

export { INTERNAL_DATABASE, type PositionRange, type Selection } from './sql.ts'

/** The right to write the ticks of a log partition, until a later owner takes it over. */
export interface Fence {
  partition: number
  /** Higher than that of every earlier owner. Settling a failed insert may raise it. */
  epoch: number
}

/**
 * Of all active parts: bytes on disk, number of parts, running merges; of each kind of ticks, by its name, how many and
 * their bytes.
 */
export interface StoreSize {
  bytes: number
  parts: number
  merges: number
  kinds: Readonly<Record<string, { ticks: number; bytes: number }>>
}

/** Bytes free on the store's disk, and the number below which inserts pause. */
export interface StoreDisk {
  freeBytes: number
  freeBytesMin: number
}

/**
 * Whether the tables are in an engine of this process, which alone may open its directory, or on a ClickHouse server.
 */
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
   * Takes a log partition over from its earlier owner. Resolves once no insert of an earlier owner can commit any more:
   * see `docs/reliability.md`, one writer.
   */
  claim(partition: number): Promise<Fence>
  /**
   * After an insert that failed: resolves once it can no longer commit. Its rows are then in the table or never will
   * be. Throws `store_fenced` if a later owner has taken the partition over.
   */
  settle(fence: Fence): Promise<void>
  /**
   * Inserts one Native block: all of it or nothing. Throws `store_fenced` if a later owner has taken over the fence's
   * partition; that owner resumes from the tables. After any other TickhouseError the outcome is
   * unknown until `settle` resolves.
   */
  insertBlock(table: string, block: Uint8Array<ArrayBuffer>, fence: Fence): Promise<void>
  /** Inserts a few rows given as objects, as one part like a block; with a fence where they belong to a partition. */
  insertRows(table: string, rows: readonly Record<string, unknown>[], fence?: Fence): Promise<void>
  /** Deletes rows and resolves once they are gone. Throws TickhouseErrors; may be repeated. */
  deleteRows(table: string, where: string, params: Record<string, unknown>): Promise<void>
  /**
   * Rows of a SELECT as objects. Integers are numbers: select those that may exceed 2^53 as text. Throws
   * TickhouseErrors.
   */
  rows<T>(query: string, params?: Record<string, unknown>): Promise<T[]>
  /**
   * Runs one statement that returns no rows: a definition, or an INSERT from a SELECT. The settings apply to it alone.
   * Throws TickhouseErrors; the statement may then have taken effect.
   */
  command(
    statement: string,
    params?: Record<string, unknown>,
    settings?: Readonly<Record<string, string | number>>,
  ): Promise<void>
  /**
   * Drops a table's rows of one log day, `YYYY-MM-DD`; harmless where there are none. Throws TickhouseErrors; may be
   * repeated.
   */
  dropPartition(table: string, day: string): Promise<void>
  /**
   * Writes the rows of a SELECT to a new Parquet file on this machine, in bounded memory. A failure may leave a part of
   * the file.
   */
  writeParquet(select: string, params: Record<string, unknown>, file: string): Promise<void>
  /**
   * Runs a SELECT, SHOW or DESCRIBE of an untrusted client, which `serve/sql/query-guard.ts` has passed, within limits
   * and until an abort. Returns the bytes of the answer in a ClickHouse format. With `only` it reads these rows of the tick
   * tables, in the tables or in the archive, and no other tables. Throws ClickHouseErrors for the client to read.
   */
  untrusted(query: string, format: string, signal?: AbortSignal, only?: Selection): Promise<Uint8Array>
  /** The disk of an embedded store; null for a server, which monitors its own. */
  disk(): StoreDisk | null
  /** The current size of all tables. */
  size(): Promise<StoreSize>
  close(): Promise<void>
}
