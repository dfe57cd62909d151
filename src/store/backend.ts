/**
 * The differences between the engine in this process and a ClickHouse server. All that they share is in
 * `clickhouse.ts`.
 */
import type { ClickHouseClient, ClickHouseSettings } from '@clickhouse/client'
import type { Filters, SqlEngine } from './sql.ts'
import type { Fence, StoreDisk, StoreKind } from './store.ts'

/** Rows for a table, inserted all or none. */
export interface Insert {
  table: string
  /** Names of the columns given; undefined for a Native block, which names its own. */
  columns?: readonly string[]
  format: 'Native' | 'JSONEachRow'
  data: Uint8Array<ArrayBuffer>
  /** The owner of the rows' partition; undefined for rows that any process may write. */
  fence?: Fence | undefined
}

export interface Backend {
  readonly kind: StoreKind
  /** For people to read: without secrets. */
  readonly address: string
  /** Never leaves `store/`: callers use the operations of `Store`. */
  readonly client: ClickHouseClient
  /** The engine of an embedded store. */
  readonly engine?: SqlEngine
  /** For queries whose answer decides what is written. */
  readonly querySettings: ClickHouseSettings
  /** Creates missing tables and checks existing ones. */
  prepare(): Promise<void>
  insert(insert: Insert): Promise<void>
  /** After an insert that failed: resolves once it can no longer commit. May raise the fence's epoch. */
  settle(fence: Fence): Promise<void>
  /** Resolves once no insert with an epoch below the highest can commit any more. */
  endInserts(partition: number): Promise<void>
  /** See `Store.writeParquet`. */
  writeParquet(select: string, params: Record<string, unknown>, file: string): Promise<void>
  disk(): StoreDisk | null
  /** See `Store.untrusted`. */
  untrusted(query: string, format: string, signal?: AbortSignal, filters?: Filters): Promise<Uint8Array>
  close(): Promise<void>
}

/**
 * Row groups small enough that a reader's filter skips most of a busy hour. A dictionary only where values repeat, and
 * no Bloom filters: docs/decisions/archive-speed.md.
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
 * An insert is one part, all or nothing. Deduplication by the engine is off: it lost acknowledged rows when the engine
 * was killed between writing the token and the part.
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
