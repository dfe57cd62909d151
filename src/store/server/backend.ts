/**
 * The store on a ClickHouse server, over HTTP. Several processes may write to it, and a request may outlive its sender:
 * each insert names its owner's epoch, and a failed insert is sent again only once the earlier attempt can no longer
 * commit.
 */

import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ClickHouseClient,
  ClickHouseError,
  ClickHouseLogLevel,
  createClient,
  type DataFormat,
  type SettingsMap,
} from '@clickhouse/client'
import { TICK_TABLES } from '../../tick/kinds.ts'
import type { ServerAddress } from '../address.ts'
import { type Backend, INSERT_SETTINGS, type Insert, PARQUET_SETTINGS } from '../backend.ts'
import { attempt, storeError } from '../failure.ts'
import { checkEpoch, raiseEpoch } from '../fence.ts'
import { queryRows } from '../query.ts'
import { answerTooLong } from '../query-errors.ts'
import { type Column, tableColumns } from '../schema/definitions.ts'
import { migrate } from '../schema/migrate.ts'
import { ANSWER_BYTES_MAX, type Filters, filtersText, UNTRUSTED_LIMITS } from '../sql.ts'
import type { Fence } from '../store.ts'
import { checkCluster, checkEngines } from './cluster.ts'
import { guardedInsert, idBeginsWith, onCluster, queryIdPrefix } from './statements.ts'

const CONNECTIONS_MAX = 64
/** Connections for queries of untrusted clients, separate from those that store. */
const UNTRUSTED_CONNECTIONS_MAX = 8
/** Below every server's own: ClickHouse closes an idle connection after 3 s (old) or 10 s. */
const IDLE_SOCKET_MS_MAX = 2_500
const SETTLE_ROUNDS_MAX = 60
const SETTLE_ROUND_MS = 500

/** No cached answers; and integers as numbers, which older servers send as text. */
const FRESH_SETTINGS: Settings = {
  use_query_cache: 0,
  enable_parallel_replicas: 0,
  output_format_json_quote_64bit_integers: 0,
}
/** Rows count as stored once they are on a majority of replicas. */
const REPLICATED_SETTINGS: Settings = { insert_quorum: 'auto', distributed_ddl_output_mode: 'none_only_active' }
/** Tables of which a query must see the last row on any replica: their inserts, which are few, run one at a time. */
const SEQUENTIAL_TABLES: readonly string[] = ['epochs', 'signed_checkpoints']
const SEQUENTIAL_SETTINGS: Settings = { insert_quorum_parallel: 0, select_sequential_consistency: 1 }

type Settings = Record<string, string | number>

export class ServerBackend implements Backend {
  readonly kind = 'server'
  readonly address: string
  readonly client: ClickHouseClient
  readonly #untrusted: ClickHouseClient
  readonly #where: ServerAddress
  /** The settings above that this server knows. */
  #settings: Settings = {}
  #columns = new Map<string, Column[]>()

  constructor(where: ServerAddress) {
    this.#where = where
    this.address = where.shown
    this.client = connect(where, CONNECTIONS_MAX)
    this.#untrusted = connect(where, UNTRUSTED_CONNECTIONS_MAX)
  }

  get querySettings(): Settings {
    return this.#known({ ...FRESH_SETTINGS, ...(this.#where.cluster ? SEQUENTIAL_SETTINGS : {}) })
  }

  async prepare(): Promise<void> {
    const { cluster } = this.#where
    await this.#createDatabase()
    await this.#readSettings()
    if (cluster) await checkCluster(this, cluster)
    await migrate(this, statement => this.#command(cluster ? onCluster(statement, cluster) : statement))
    this.#columns = await tableColumns(this)
    await checkEngines(this, cluster)
  }

  async insert(insert: Insert): Promise<void> {
    const { data, fence } = insert
    const { stream } = await this.client.exec({
      query: fence ? this.#guarded(insert, fence) : plain(insert),
      ...(fence ? { query_id: `${this.#idPrefix(fence.partition)}${fence.epoch}-${randomUUID()}` } : {}),
      values: Readable.from([data], { objectMode: false }),
      http_headers: { 'Content-Length': String(data.length) },
      clickhouse_settings: {
        ...this.#known({ ...INSERT_SETTINGS, ...FRESH_SETTINGS, ...this.#insertSettings(insert) }),
        wait_end_of_query: 1,
      },
    })
    const answer = await text(stream)
    if (answer !== '') throw new Error(answer)
    if (fence) await checkEpoch(this, fence)
  }

  async settle(fence: Fence): Promise<void> {
    await raiseEpoch(this, fence)
    await this.endInserts(fence.partition)
  }

  async endInserts(partition: number): Promise<void> {
    const { cluster } = this.#where
    const ours = idBeginsWith(this.#idPrefix(partition))
    const processes = cluster ? `clusterAllReplicas('${cluster}', system.processes)` : 'system.processes'
    const everywhere = cluster ? ` ON CLUSTER '${cluster}'` : ''
    await this.#synchronise('epochs')
    for (let round = 0; ; round++) {
      await this.#command(`KILL QUERY${everywhere} WHERE ${ours} SYNC`)
      const [row] = await queryRows<{ running: string }>(
        this,
        `SELECT count() AS running FROM ${processes} WHERE ${ours}`,
      )
      if (Number(row!.running) === 0) break
      if (round === SETTLE_ROUNDS_MAX) throw new Error(`an insert into partition ${partition} does not end`)
      await sleep(SETTLE_ROUND_MS)
    }
    for (const table of TICK_TABLES) await this.#synchronise(table)
  }

  async writeParquet(select: string, params: Record<string, unknown>, file: string): Promise<void> {
    const { stream } = await this.client.exec({
      query: `${select} FORMAT Parquet`,
      query_params: params,
      clickhouse_settings: PARQUET_SETTINGS,
    })
    await pipeline(stream, fs.createWriteStream(file, { flags: 'wx' }))
  }

  disk(): null {
    return null
  }

  async untrusted(query: string, format: string, signal?: AbortSignal, filters?: Filters): Promise<Uint8Array> {
    try {
      const { stream } = await this.#untrusted.exec({
        query,
        ...(signal ? { abort_signal: signal } : {}),
        // readonly last: it forbids every setting after it.
        clickhouse_settings: {
          ...UNTRUSTED_LIMITS,
          ...(filters ? { additional_table_filters: filtersText(filters) as unknown as SettingsMap } : {}),
          default_format: format as DataFormat,
          wait_end_of_query: 1,
          cancel_http_readonly_queries_on_client_close: 1,
          readonly: '1',
        },
      })
      return await collectAnswer(stream)
    } catch (error) {
      // Errors of the engine are for the client to read.
      throw error instanceof ClickHouseError ? error : storeError(error)
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.client.close(), this.#untrusted.close()])
  }

  /** On a cluster: resolves once each server that is up has all rows of the others. */
  async #synchronise(table: string): Promise<void> {
    const { cluster } = this.#where
    if (cluster) await this.#command(`SYSTEM SYNC REPLICA ON CLUSTER '${cluster}' ${table} LIGHTWEIGHT`)
  }

  #guarded({ table, columns, format }: Insert, fence: Fence): string {
    const all = this.#columns.get(table)!
    const given = columns ? all.filter(({ name }) => columns.includes(name)) : all.filter(({ filled }) => !filled)
    return guardedInsert(table, given, format, fence)
  }

  #insertSettings({ table, fence }: Insert): Settings {
    if (!this.#where.cluster) return {}
    // In a guarded insert, only the subquery for the epoch has to be sequential.
    const { select_sequential_consistency, ...alone } = SEQUENTIAL_SETTINGS
    const sequential: Settings = fence ? { select_sequential_consistency: select_sequential_consistency! } : {}
    return { ...REPLICATED_SETTINGS, ...(SEQUENTIAL_TABLES.includes(table) ? alone : {}), ...sequential }
  }

  #idPrefix(partition: number): string {
    return queryIdPrefix(this.#where.database, partition)
  }

  #known(settings: Settings): Settings {
    return Object.fromEntries(Object.entries(settings).filter(([name]) => name in this.#settings))
  }

  async #command(query: string): Promise<void> {
    await attempt(() =>
      this.client.command({
        query,
        clickhouse_settings: { ...this.#known(REPLICATED_SETTINGS), wait_end_of_query: 1 },
      }),
    )
  }

  /** Every other request names the database and fails without it. */
  async #createDatabase(): Promise<void> {
    const { database, cluster } = this.#where
    const client = connect({ ...this.#where, database: 'default' }, 1)
    try {
      await attempt(async () => {
        const found = await client.query({
          query: 'SELECT name FROM system.databases WHERE name = {database:String}',
          query_params: { database },
          format: 'JSONEachRow',
        })
        if ((await found.json()).length > 0) return
        const everywhere = cluster ? ` ON CLUSTER '${cluster}'` : ''
        await client.command({ query: `CREATE DATABASE IF NOT EXISTS ${database}${everywhere}` })
      })
    } finally {
      await client.close()
    }
  }

  /** A server refuses a statement with a setting that it does not know. */
  async #readSettings(): Promise<void> {
    const wanted = { ...INSERT_SETTINGS, ...FRESH_SETTINGS, ...REPLICATED_SETTINGS, ...SEQUENTIAL_SETTINGS }
    const { client } = this
    const rows = await attempt(async () => {
      const result = await client.query({
        query: 'SELECT name FROM system.settings WHERE name IN {names:Array(String)}',
        query_params: { names: Object.keys(wanted) },
        format: 'JSONEachRow',
      })
      return result.json<{ name: string }>()
    })
    this.#settings = Object.fromEntries(rows.map(({ name }) => [name, wanted[name]!]))
  }
}

function connect(where: ServerAddress, connectionsMax: number): ClickHouseClient {
  const { url, username, password, database, timeoutMs } = where
  return createClient({
    url,
    username,
    password,
    database,
    application: 'tickhouse',
    request_timeout: timeoutMs,
    max_open_connections: connectionsMax,
    keep_alive: { enabled: true, idle_socket_ttl: IDLE_SOCKET_MS_MAX },
    // Errors are thrown, and the caller emits an event.
    log: { level: ClickHouseLogLevel.OFF },
  })
}

function plain({ table, columns, format }: Insert): string {
  return `INSERT INTO ${table}${columns ? ` (${columns.join(', ')})` : ''} FORMAT ${format}`
}

/** The bytes of an answer. Throws ClickHouseError beyond the size limit, and stops reading. */
async function collectAnswer(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > ANSWER_BYTES_MAX) throw answerTooLong()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
