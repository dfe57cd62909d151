/** Statements that only a server needs. Pure functions of text. */
import type { Column } from '../schema/definitions.ts'
import { literal } from '../sql.ts'

const REPLICA = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"

/** A statement of `schema/` for a cluster: it runs on all servers, and the tables are replicated. */
export function onCluster(statement: string, cluster: string): string {
  return statement
    .replace(/^((?:CREATE TABLE IF NOT EXISTS|CREATE OR REPLACE VIEW|ALTER TABLE) \w+)/m, `$1 ON CLUSTER '${cluster}'`)
    .replace(/^ENGINE = (\w*MergeTree)(?:\((.*)\))?$/m, (_, engine, argument) => {
      return `ENGINE = Replicated${engine}(${REPLICA}${argument ? `, ${argument}` : ''})`
    })
}

/**
 * An insert that stores its rows only while the writer's epoch is the highest of the partition; the data follows the
 * statement.
 */
export function guardedInsert(
  table: string,
  columns: readonly Column[],
  format: string,
  fence: { partition: number; epoch: number },
): string {
  const names = columns.map(({ name }) => name).join(', ')
  const structure = columns.map(({ name, type }) => `${name} ${type}`).join(', ')
  return (
    `INSERT INTO ${table} (${names}) SELECT ${names} FROM input(${literal(structure)}) ` +
    `WHERE (SELECT max(epoch) FROM epochs WHERE log_partition = ${fence.partition}) = ${fence.epoch} FORMAT ${format}`
  )
}

/** Prefix of the query ids of all statements that write a partition. */
export const queryIdPrefix = (database: string, partition: number) => `tickhouse-${database}-${partition}-`

/** A condition on `query_id`. */
export const idBeginsWith = (prefix: string) => `query_id LIKE ${literal(`${prefix.replace(/[_%\\]/g, '\\$&')}%`)}`
