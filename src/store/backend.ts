/** What differs between the engine in this process and a ClickHouse server. Everything else is in `clickhouse.ts`. */
import type { ClickHouseClient, ClickHouseSettings } from '@clickhouse/client'
import type { SqlEngine } from './sql.ts'
import type { Fence, StoreDisk, StoreKind } from './store.ts'

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
  readonly kind: StoreKind
  /** For people to read: without secrets. */
  readonly address: string
  /** Speaks to this engine alone; stays inside `store/`. */
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
  /** See `Store.writeParquet`. */
  writeParquet(select: string, params: Record<string, unknown>, file: string): Promise<void>
  disk(): StoreDisk | null
  /** Runs a stranger's statement that only reads, within limits; the answer's bytes. An abort ends it. */
  untrusted(query: string, format: string, signal?: AbortSignal): Promise<Uint8Array>
  close(): Promise<void>
}

/**
 * Row groups small enough that a reader's filter skips most of a busy hour. A dictionary only where values repeat, and no Bloom
 * filters: docs/decisions/archive-speed.md.
 */
export const PARQUET_SETTINGS = {
  output_format_parquet_compression_method: 'zstd',
  output_format_compression_level: 3,
  output_format_parquet_row_group_size: 100_000,
  output_format_parquet_max_dictionary_size: 16_384,
  output_format_parquet_write_bloom_filter: 0,
  output_format_parquet_version: '2.6',
  output_format_parquet_datetime_as_uint32: 0,
  output_format_parquet_string_as_string: 1,
  // Leaves room for ingest and queries on a machine with two cores.
  max_threads: 2,
} as Record<string, string | number>

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
