/** The store by `@clickhouse/client`: the same statements for the engine in this process and for a server. */
import { KINDS } from '../tick/kinds.ts'
import type { Backend } from './backend.ts'
import { attempt } from './failure.ts'
import { takeEpoch } from './fence.ts'
import { queryRows } from './query.ts'
import { selectionFilters } from './selection.ts'
import { literal, type Selection, type SqlEngine } from './sql.ts'
import type { Fence, Store, StoreDisk, StoreKind, StoreSize } from './store.ts'

export class ClickHouseStore implements Store {
  readonly #backend: Backend
  version = ''

  constructor(backend: Backend) {
    this.#backend = backend
  }

  get address(): string {
    return this.#backend.address
  }

  get engine(): SqlEngine | undefined {
    return this.#backend.engine
  }

  get kind(): StoreKind {
    return this.#backend.kind
  }

  /** Creates or migrates the tables. Throws like `migrate`. */
  async prepare(): Promise<void> {
    await this.#backend.prepare()
    const [row] = await this.rows<{ version: string }>('SELECT version() AS version')
    this.version = row!.version
  }

  claim(partition: number): Promise<Fence> {
    return attempt(async () => {
      const fence = await takeEpoch(this.#backend, partition)
      await this.#backend.endInserts(partition)
      return fence
    })
  }

  settle(fence: Fence): Promise<void> {
    return attempt(() => this.#backend.settle(fence))
  }

  insertBlock(table: string, data: Uint8Array<ArrayBuffer>, fence: Fence): Promise<void> {
    return attempt(() => this.#backend.insert({ table, format: 'Native', data, fence }))
  }

  insertRows(table: string, rows: readonly Record<string, unknown>[], fence?: Fence): Promise<void> {
    const data = Buffer.from(rows.map(row => JSON.stringify(row)).join('\n'))
    const columns = Object.keys(rows[0]!)
    return attempt(() => this.#backend.insert({ table, columns, format: 'JSONEachRow', data, fence }))
  }

  deleteRows(table: string, where: string, params: Record<string, unknown>): Promise<void> {
    return this.#command(`ALTER TABLE ${table} DELETE WHERE ${where}`, params, { mutations_sync: '2' })
  }

  dropPartition(table: string, day: string): Promise<void> {
    return this.#command(`ALTER TABLE ${table} DROP PARTITION ${literal(day)}`)
  }

  command(
    statement: string,
    params?: Record<string, unknown>,
    settings?: Readonly<Record<string, string | number>>,
  ): Promise<void> {
    return this.#command(statement, params, settings)
  }

  writeParquet(select: string, params: Record<string, unknown>, file: string): Promise<void> {
    return attempt(() => this.#backend.writeParquet(select, params, file))
  }

  rows<T>(query: string, params: Record<string, unknown> = {}): Promise<T[]> {
    return queryRows(this.#backend, query, params)
  }

  async untrusted(query: string, format: string, signal?: AbortSignal, only?: Selection): Promise<Uint8Array> {
    return this.#backend.untrusted(query, format, signal, only && (await selectionFilters(this, only)))
  }

  disk(): StoreDisk | null {
    return this.#backend.disk()
  }

  async size(): Promise<StoreSize> {
    const tables = await this.rows<{ table: string; rows: string; bytes: string; parts: string }>(
      `SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes, count() AS parts
       FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table`,
    )
    const [running] = await this.rows<{ merges: string }>(
      'SELECT count() AS merges FROM system.merges WHERE database = currentDatabase()',
    )
    const sum = (column: 'bytes' | 'parts') => tables.reduce((total, table) => total + Number(table[column]), 0)
    return {
      bytes: sum('bytes'),
      parts: sum('parts'),
      merges: Number(running!.merges),
      kinds: Object.fromEntries(
        KINDS.map(({ name, table }) => {
          const found = tables.find(one => one.table === table)
          return [name, { ticks: Number(found?.rows ?? 0), bytes: Number(found?.bytes ?? 0) }]
        }),
      ),
    }
  }

  close(): Promise<void> {
    return this.#backend.close()
  }

  async #command(
    query: string,
    params: Record<string, unknown> = {},
    settings: Readonly<Record<string, string | number>> = {},
  ): Promise<void> {
    await attempt(() =>
      this.#backend.client.command({ query, query_params: params, clickhouse_settings: { ...settings } }),
    )
  }
}
