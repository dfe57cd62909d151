/** Statements for a server that the engine in this process does not need. Pure: text in, text out. */
import type { Column } from '../schema/definitions.ts'
import { literal } from '../sql.ts'

const REPLICA = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"

/** A statement of `schema/` for a cluster: run on all its servers, its tables replicated among them. */
export function onCluster(statement: string, cluster: string): string {
  return statement
    .replace(/^((?:CREATE TABLE IF NOT EXISTS|CREATE OR REPLACE VIEW|ALTER TABLE) \w+)/m, `$1 ON CLUSTER '${cluster}'`)
    .replace(/^ENGINE = (\w*MergeTree)(?:\((.*)\))?$/m, (_, engine, argument) => {
      return `ENGINE = Replicated${engine}(${REPLICA}${argument ? `, ${argument}` : ''})`
    })
}

/** An insert whose rows pass only while the partition's highest epoch is the writer's; the data follows the statement. */
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

/** The start of the ids of all statements that write a partition. */
export const queryIdPrefix = (database: string, partition: number) => `tickhouse-${database}-${partition}-`

/** Which statements are meant, as a condition on `query_id`. */
export const idBeginsWith = (prefix: string) => `query_id LIKE ${literal(`${prefix.replace(/[_%\\]/g, '\\$&')}%`)}`
