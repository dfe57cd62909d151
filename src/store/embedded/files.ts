/**
 * Parquet files of this machine, written from the store's tables and read back. An embedded store reads them itself;
 * beside a server, they are read by an engine of this process that has no tables.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import { attempt } from '../failure.ts'
import type { Store } from '../store.ts'
import { loadEngine, openEngine } from './engine.ts'

export interface StoreFiles {
  /** See `Store.writeParquet`. */
  write(select: string, params: Record<string, unknown>, file: string): Promise<void>
  /** Rows of a SELECT over `file()` as objects; numbers beyond 2^53 come as text. Throws TickhouseErrors. */
  rows<T>(select: string): Promise<T[]>
  close(): Promise<void>
}

/** Writes this store's rows to files and reads files back. */
export function filesOf(store: Store): StoreFiles {
  const reader = store.kind === 'embedded' ? store : new FileReader()
  return {
    write: (select, params, file) => store.writeParquet(select, params, file),
    rows: select => reader.rows(select),
    close: async () => {
      if (reader !== store) await reader.close()
    },
  }
}

/** Throws `engine_missing` if this process could not read files back: beside a server the engine is needed for that too. */
export async function requireFiles(store: Store): Promise<void> {
  if (store.kind !== 'embedded') await loadEngine()
}

/** Reads files with an engine without tables, opened by the first read. No other engine may be open in this process. */
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
