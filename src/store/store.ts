/**
 * The store: ClickHouse tables, by address an engine in this process or a server. `trades` is the ledger as well: where to go on
 * after a stop is asked of the table, never of anything written beside it.
 */
import fs from 'node:fs'
import { Readable } from 'node:stream'
import { type ClickHouseClient, type ClickHouseError, createClient } from '@clickhouse/client'
import { TickhouseError } from '../errors.ts'
import { type EmbeddedConnection, openEngine } from './embedded.ts'

/**
 * An insert is one part, whole or not at all, and nothing decides on its own that it was seen before: the engine's
 * deduplication lost acknowledged rows when it was killed between writing its token and the part.
 */
const INSERT_SETTINGS = {
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
} as Record<string, string | number>

const ENGINE_LANES = { insertLanes: 2, queryLanes: 3, waitingMax: 256 }

/** The right to write a log partition's ticks, until a later owner takes it. */
export interface Fence {
  partition: number
  /** Higher than that of every owner before. */
  epoch: number
}

export interface Store {
  readonly address: string
  readonly client: ClickHouseClient
  /** The engine's version. */
  readonly version: string
  /**
   * Takes a log partition over from whoever wrote it before. Resolves once nothing of an earlier owner can be stored any more;
   * see `docs/reliability.md`, one writer.
   */
  claim(partition: number): Promise<Fence>
  /** After an insert that failed: resolves once it can no longer commit. The tables then say how it ended. */
  settle(fence: Fence): Promise<void>
  /**
   * Inserts one Native block: all of it or nothing. Throws `store_fenced` if a later owner has taken the fence's partition over:
   * nothing was stored. Any other TickhouseError: the outcome is unknown until `settle` resolved.
   */
  insertBlock(table: string, block: Uint8Array<ArrayBuffer>, fence: Fence): Promise<void>
  /** Inserts a few rows given as objects, as one part like a block; under a fence where a partition's owner writes them. */
  insertRows(table: string, rows: readonly Record<string, unknown>[], fence?: Fence): Promise<void>
  /** Deletes rows and resolves once they are gone. Throws a TickhouseError; it may be asked for again. */
  deleteRows(table: string, where: string, params: Record<string, unknown>): Promise<void>
  /** Rows of a SELECT as objects; numbers beyond 2^53 come as text. */
  rows<T>(query: string, params?: Record<string, unknown>): Promise<T[]>
  /** Runs a stranger's SELECT, SHOW or DESCRIBE, already checked by `serve/gate.ts`, within limits; the answer's bytes. */
  untrusted(query: string, format: string): Promise<Uint8Array>
  /** Bytes of all active parts on disk, their number, and the trades in them. */
  size(): Promise<{ bytes: number; parts: number; trades: number }>
  close(): Promise<void>
}

/** The engine's code NOT_ENOUGH_SPACE. */
const ENGINE_NOT_ENOUGH_SPACE = '243'

/** What a stranger's query may take: long enough for a day of ticks, too little to hold up the inserts. */
const UNTRUSTED_LIMITS = {
  max_execution_time: 30,
  max_memory_usage: '2000000000',
  max_result_bytes: '268435456',
  max_threads: 1,
  allow_ddl: 0,
} as const

/** Opens the store at an address (`chdb:<directory>`) and brings its schema up to date. */
export async function openStore(address: string): Promise<Store> {
  const [, directory] = /^chdb:(.+)$/.exec(address) ?? []
  if (!directory) {
    throw new TickhouseError(
      'address_invalid',
      `not a store address: ${address}`,
      'Give TICKHOUSE_STORE=chdb:<directory>.',
    )
  }
  const engine = await openEngine(directory, ENGINE_LANES)
  const store = new ClickHouseStore(address, engine)
  try {
    await store.migrate()
  } catch (error) {
    await store.close()
    const { message, code } = error as TickhouseError
    if (code === 'disk_full') throw error
    throw new TickhouseError(
      'data_corrupt',
      `the store at ${directory} cannot be used: ${message.replace(/[\s.]+$/, '')}`,
      'Move the directory aside and start again: the log holds the ticks and fills a new one. See docs/recovery.md.',
      { cause: error },
    )
  }
  return store
}

class ClickHouseStore implements Store {
  readonly address: string
  readonly client: ClickHouseClient
  readonly #engine: EmbeddedConnection
  version = ''

  constructor(address: string, engine: EmbeddedConnection) {
    this.address = address
    this.#engine = engine
    this.client = createClient({ connection: engine })
  }

  /** Applies the numbered files in order; each may run again. */
  async migrate(): Promise<void> {
    const folder = new URL('./schema/', import.meta.url)
    for (const file of fs.readdirSync(folder).sort()) {
      await this.#attempt(async () => {
        await this.client.command({ query: fs.readFileSync(new URL(file, folder), 'utf8') })
      })
    }
    const [row] = await this.rows<{ version: string }>('SELECT version() AS version')
    this.version = row!.version
  }

  /** The engine's directory belongs to this process: whoever held the fence before is gone. */
  async claim(partition: number): Promise<Fence> {
    const [row] = await this.rows<{ last: string }>(
      'SELECT max(epoch) AS last FROM epochs WHERE log_partition = {partition:UInt16}',
      { partition },
    )
    const fence = { partition, epoch: Number(row!.last) + 1 }
    await this.insertRows('epochs', [{ log_partition: partition, epoch: fence.epoch }])
    return fence
  }

  /** An insert into the engine of this process has ended when its call has. */
  async settle(): Promise<void> {}

  insertBlock(table: string, block: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#insert(`INSERT INTO ${table} FORMAT Native`, block)
  }

  insertRows(table: string, rows: readonly Record<string, unknown>[]): Promise<void> {
    const lines = rows.map(row => JSON.stringify(row)).join('\n')
    return this.#insert(
      `INSERT INTO ${table} (${Object.keys(rows[0]!).join(', ')}) FORMAT JSONEachRow`,
      Buffer.from(lines),
    )
  }

  async deleteRows(table: string, where: string, params: Record<string, unknown>): Promise<void> {
    await this.#attempt(() =>
      this.client.command({
        query: `ALTER TABLE ${table} DELETE WHERE ${where}`,
        query_params: params,
        clickhouse_settings: { mutations_sync: '2' },
      }),
    )
  }

  rows<T>(query: string, params: Record<string, unknown> = {}): Promise<T[]> {
    return this.#attempt(async () => {
      const result = await this.client.query({ query, query_params: params, format: 'JSONEachRow' })
      return result.json<T>()
    })
  }

  untrusted(query: string, format: string): Promise<Uint8Array> {
    return this.#engine.untrusted(query, format, UNTRUSTED_LIMITS)
  }

  async size() {
    const [row] = await this.rows<{ bytes: string; parts: string; trades: string }>(
      `SELECT sum(bytes_on_disk) AS bytes, count() AS parts, sumIf(rows, table = 'trades') AS trades
       FROM system.parts WHERE active AND database = currentDatabase()`,
    )
    return { bytes: Number(row!.bytes), parts: Number(row!.parts), trades: Number(row!.trades) }
  }

  async close(): Promise<void> {
    await this.client.close()
  }

  async #insert(query: string, data: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#attempt(async () => {
      const { stream } = await this.client.exec({
        query,
        values: Readable.from([data]),
        clickhouse_settings: INSERT_SETTINGS,
      })
      stream.destroy()
    })
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw storeError(error)
    }
  }
}

/** What went wrong, whether it may pass, and what a person can do about it. */
function storeError(error: unknown): TickhouseError {
  if (error instanceof TickhouseError) return error
  const { message } = error as Error
  const line = message.split('\n')[0]!.slice(0, 300)
  const { code } = error as ClickHouseError | NodeJS.ErrnoException
  if (code === ENGINE_NOT_ENOUGH_SPACE || code === 'ENOSPC' || /No space left on device/.test(message)) {
    return new TickhouseError(
      'disk_full',
      `no space left for the store: ${line}`,
      'Make room on the disk: storing goes on by itself, and the log keeps the ticks.',
      { cause: error, retryable: true },
    )
  }
  return new TickhouseError(
    'store_unavailable',
    line,
    'See the lines above; the log keeps the ticks until they are stored.',
    {
      cause: error,
      retryable: true,
    },
  )
}
