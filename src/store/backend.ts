/** What differs between the engine in this process and a ClickHouse server. Everything else is in `clickhouse.ts`. */
import type { ClickHouseClient, ClickHouseSettings } from '@clickhouse/client'
import type { SqlEngine } from './sql.ts'
import type { Fence, StoreDisk } from './store.ts'

/** Rows on their way into a table, all of them or none. */
export interface Insert {
  table: string
  /** The columns given, by name; without them, those of a Native block that names its own. */
  columns?: readonly string[]
  format: 'Native' | 'JSONEachRow'
  data: Uint8Array<ArrayBuffer>
  /** Whose partition the rows are of; without it, anyone may write them. */
  fence?: Fence | undefined
}

export interface Backend {
  /** Where it is, for people to read: without secrets. */
  readonly address: string
  readonly client: ClickHouseClient
  /** The engine, where it is in this process. */
  readonly engine?: SqlEngine
  /** For questions whose answer decides what is written. */
  readonly questionSettings: ClickHouseSettings
  /** Makes the tables that are not there, checks those that are. */
  prepare(): Promise<void>
  insert(insert: Insert): Promise<void>
  /** After an insert that failed: resolves once it can no longer commit. The fence's epoch may rise for it. */
  settle(fence: Fence): Promise<void>
  /** Resolves once no insert that carries another epoch than the highest can commit any more. */
  endInserts(partition: number): Promise<void>
  disk(): StoreDisk | null
  /** Runs a stranger's statement that only reads, within limits; the answer's bytes. An abort ends it. */
  untrusted(query: string, format: string, signal?: AbortSignal): Promise<Uint8Array>
  close(): Promise<void>
}

/**
 * An insert is one part, whole or not at all, and nothing decides on its own that it was seen before: the engine's
 * deduplication lost acknowledged rows when it was killed between writing its token and the part.
 */
export const INSERT_SETTINGS = {
  async_insert: 0,
  deduplicate_insert: 'disable',
  insert_deduplicate: 0,
  max_partitions_per_insert_block: 1,
  max_insert_block_size: 1_048_449,
  min_insert_block_size_rows: 1_048_449,
  min_insert_block_size_bytes: 0,
  max_insert_threads: 1,
  max_threads: 1,
  input_format_parallel_parsing: 0,
  input_format_skip_unknown_fields: 0,
} as Record<string, string | number>
