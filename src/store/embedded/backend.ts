/**
 * The store in this process. The engine locks its directory, so that no earlier writer is alive, and an insert has
 * ended when its call returns.
 */
import { Readable } from 'node:stream'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import { checkRoom, freeBytes } from '../../disk.ts'
import type { TickhouseError } from '../../errors.ts'
import { type Backend, INSERT_SETTINGS, type Insert, PARQUET_SETTINGS } from '../backend.ts'
import { attempt } from '../failure.ts'
import { migrate } from '../schema/migrate.ts'
import { type Filters, filtersText, LISTED, UNTRUSTED_LIMITS } from '../sql.ts'
import type { StoreDisk } from '../store.ts'
import { type EmbeddedConnection, openEngine } from './engine.ts'
import { openingError } from './opening.ts'

const ENGINE_SESSIONS = { insertSessions: 2, querySessions: 3, waitingMax: 256 }

export class EmbeddedBackend implements Backend {
  readonly kind = 'embedded'
  readonly address: string
  readonly client: ClickHouseClient
  readonly querySettings = {}
  readonly #directory: string
  readonly #diskFreeBytesMin: number
  readonly engine: EmbeddedConnection

  static async open(directory: string, diskFreeBytesMin: number): Promise<EmbeddedBackend> {
    return new EmbeddedBackend(directory, diskFreeBytesMin, await openEngine(directory, ENGINE_SESSIONS))
  }

  constructor(directory: string, diskFreeBytesMin: number, engine: EmbeddedConnection) {
    this.address = `chdb:${directory}`
    this.#directory = directory
    this.#diskFreeBytesMin = diskFreeBytesMin
    this.engine = engine
    this.client = createClient({ connection: engine })
  }

  async prepare(): Promise<void> {
    try {
      await migrate(this, query => attempt(() => this.client.command({ query })))
    } catch (error) {
      const { message, code } = error as TickhouseError
      if (code === 'disk_full' || code === 'data_foreign' || code === 'engine_died') throw error
      throw openingError(this.#directory, message, error)
    }
  }

  async insert({ table, columns, format, data }: Insert): Promise<void> {
    // The room that is left is for the log, which has the only copy of ticks that are not stored.
    checkRoom(this.#directory, this.#diskFreeBytesMin, 'stored')
    const names = columns ? ` (${columns.join(', ')})` : ''
    const { stream } = await this.client.exec({
      query: `INSERT INTO ${table}${names} FORMAT ${format}`,
      values: Readable.from([data]),
      clickhouse_settings: INSERT_SETTINGS,
    })
    stream.destroy()
  }

  async settle(): Promise<void> {}

  async endInserts(): Promise<void> {}

  async writeParquet(select: string, params: Record<string, unknown>, file: string): Promise<void> {
    await this.client.command({
      query: `INSERT INTO FUNCTION file({file:String}, 'Parquet') ${select}`,
      query_params: { ...params, file },
      clickhouse_settings: PARQUET_SETTINGS,
    })
  }

  disk(): StoreDisk {
    return { freeBytes: freeBytes(this.#directory), freeBytesMin: this.#diskFreeBytesMin }
  }

  async untrusted(query: string, format: string, signal?: AbortSignal, filters: Filters = {}): Promise<Uint8Array> {
    const settings = { ...UNTRUSTED_LIMITS, additional_table_filters: filtersText({ ...LISTED, ...filters }) }
    return (await this.engine.runBounded({ query, format, settings }, signal)).bytes
  }

  close(): Promise<void> {
    return this.client.close()
  }
}
