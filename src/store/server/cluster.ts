/**
 * Checks that the server's tables are replicated as the address states: an insert is fenced on the servers that it
 * names.
 */
import { TickhouseError } from '../../errors.ts'
import { QUARANTINE } from '../../tick/kinds.ts'
import type { Backend } from '../backend.ts'
import { queryRows } from '../query.ts'

/** Throws `address_invalid` for a cluster that is unknown to the server or has several shards. */
export async function checkCluster(backend: Backend, cluster: string): Promise<void> {
  const [row] = await queryRows<{ shards: string }>(
    backend,
    'SELECT uniqExact(shard_num) AS shards FROM system.clusters WHERE cluster = {cluster:String}',
    { cluster },
  )
  if (Number(row!.shards) === 1) return
  const why =
    row!.shards === '0'
      ? 'is unknown there'
      : `has ${row!.shards} shards, and the rows of a log partition must be on one`
  throw new TickhouseError(
    'address_invalid',
    `cluster ${cluster} of ${backend.address} ${why}`,
    'Name a cluster of one shard; its names are in system.clusters.',
  )
}

/** Throws `address_invalid` if tables are replicated and the address has no cluster, or the reverse. */
export async function checkEngines(backend: Backend, cluster: string | undefined): Promise<void> {
  const [row] = await queryRows<{ engine: string }>(
    backend,
    `SELECT engine FROM system.tables WHERE database = currentDatabase() AND name = '${QUARANTINE}'`,
  )
  const replicated = /^(Replicated|Shared)/.test(row!.engine)
  if (replicated === (cluster !== undefined)) return
  throw new TickhouseError(
    'address_invalid',
    replicated
      ? `the tables of ${backend.address} are replicated, and the address names no cluster`
      : `the tables of ${backend.address} are ${row!.engine}, not replicated over cluster ${cluster}`,
    replicated
      ? 'Add ?cluster=<name> to TICKHOUSE_STORE: an insert must be ended on every server, not on one.'
      : 'Give TICKHOUSE_STORE another database, or leave the cluster out.',
  )
}
