/** Conditions by table that leave only the rows of a selection. They apply in every view and subquery over the tables, too. */
import { TICK_TABLES } from '../tick/kinds.ts'
import { type Filters, INTERNAL_DATABASE, identifier, type PositionRange, type Selection } from './sql.ts'
import type { Store } from './store.ts'

/** Read by the views over the archive. */
const OF_VIEWS = ['archive_ledger', 'archives']

export async function selectionFilters(store: Pick<Store, 'rows'>, only: Selection): Promise<Filters> {
  const tables = await store.rows<{ database: string; name: string; own: number }>(
    `SELECT database, name, toUInt8(database = currentDatabase()) AS own FROM system.tables
     WHERE database IN (currentDatabase(), '${INTERNAL_DATABASE}') AND engine NOT LIKE '%View'`,
  )
  return Object.fromEntries(
    tables
      .filter(({ own, name }) => own === 0 || !OF_VIEWS.includes(name))
      .map(({ database, name, own }) => {
        // In the archive's database a table is named after the one whose files it reads.
        const table = own ? name : name.slice(0, name.lastIndexOf('_'))
        const known = TICK_TABLES.includes(table)
        const condition = known ? conditionOf(only[table] ?? []) : refusal(name)
        return [own ? name : `${database}.${name}`, condition]
      }),
  )
}

function conditionOf(ranges: readonly PositionRange[]): string {
  const partitions = Map.groupBy(ranges, ([partition]) => partition)
  const parts = [...partitions].map(
    ([partition, some]) =>
      `(log_partition = ${partition} AND (${some.map(([, first, last]) => `log_offset BETWEEN ${first} AND ${last}`).join(' OR ')}))`,
  )
  return parts.length === 0 ? '0' : parts.join(' OR ')
}

/** A column that no table has: the engine refuses the statement with this name, also where the table is empty. */
const refusal = (table: string) =>
  identifier(`table ${table} does not keep its earlier rows and cannot be read as of a checkpoint`)
