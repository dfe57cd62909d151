/**
 * Parquet files of this machine, by the engine: written from the store's tables, and read back. The engine in this process does
 * both itself; a server sends its rows here, and the files are read by an engine of our own, which has no tables.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import { attempt } from '../failure.ts'
import type { Store } from '../store.ts'
import { openEngine } from './engine.ts'

export interface StoreFiles {
  /** Writes the rows of a SELECT to a new file, in bounded memory. Throws TickhouseErrors; the file may then be there in part. */
  write(select: string, params: Record<string, unknown>, file: string): Promise<void>
  /** Rows of a SELECT over `file()` as objects; numbers beyond 2^53 come as text. Throws TickhouseErrors. */
  rows<T>(select: string): Promise<T[]>
  close(): Promise<void>
}

/**
 * Row groups small enough that a reader's filter skips most of a busy hour. A dictionary only where values repeat, and no Bloom
 * filters: docs/decisions/archive-speed.md.
 */
const PARQUET_SETTINGS = {
  output_format_parquet_compression_method: 'zstd',
  output_format_compression_level: 3,
  output_format_parquet_row_group_size: 100_000,
  output_format_parquet_max_dictionary_size: 16_384,
  output_format_parquet_write_bloom_filter: 0,
  output_format_parquet_version: '2.6',
  output_format_parquet_datetime_as_uint32: 0,
  output_format_parquet_string_as_string: 1,
  // Beside what ingest and queries need, on a machine of two cores.
  max_threads: 2,
} as Record<string, string | number>

/** How this store's files are made and read. */
export function filesOf(store: Store): StoreFiles {
  return store.address.startsWith('chdb:') ? new EngineFiles(store) : new ServerFiles(store)
}

class EngineFiles implements StoreFiles {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  write(select: string, params: Record<string, unknown>, file: string): Promise<void> {
    return attempt(async () => {
      await this.#store.client.command({
        query: `INSERT INTO FUNCTION file({file:String}, 'Parquet') ${select}`,
        query_params: { ...params, file },
        clickhouse_settings: PARQUET_SETTINGS,
      })
    })
  }

  rows<T>(select: string): Promise<T[]> {
    return this.#store.rows<T>(select)
  }

  async close(): Promise<void> {}
}

class ServerFiles implements StoreFiles {
  readonly #store: Store
  readonly #reader = new FileReader()

  constructor(store: Store) {
    this.#store = store
  }

  write(select: string, params: Record<string, unknown>, file: string): Promise<void> {
    return attempt(async () => {
      const { stream } = await this.#store.client.exec({
        query: `${select} FORMAT Parquet`,
        query_params: params,
        clickhouse_settings: PARQUET_SETTINGS,
      })
      await pipeline(stream, fs.createWriteStream(file, { flags: 'wx' }))
    })
  }

  rows<T>(select: string): Promise<T[]> {
    return this.#reader.rows<T>(select)
  }

  close(): Promise<void> {
    return this.#reader.close()
  }
}

/** Reads files by an engine without tables, opened when it is first asked. No other engine may be open in this process. */
export class FileReader implements Pick<StoreFiles, 'rows' | 'close'> {
  #engine: Promise<ClickHouseClient> | undefined
  #directory: string | undefined

  rows<T>(select: string): Promise<T[]> {
    return attempt(async () => {
      this.#engine ??= this.#open()
      const result = await (await this.#engine).query({ query: select, format: 'JSONEachRow' })
      return result.json<T>()
    })
  }

  async close(): Promise<void> {
    await (await this.#engine)?.close()
    if (this.#directory) await fs.promises.rm(this.#directory, { recursive: true, force: true })
  }

  async #open(): Promise<ClickHouseClient> {
    this.#directory = await fs.promises.mkdtemp(path.join(os.tmpdir(), 'tickhouse-engine-'))
    const connection = await openEngine(this.#directory, { insertSessions: 0, querySessions: 1, waitingMax: 16 })
    return createClient({ connection })
  }
}
