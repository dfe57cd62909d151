/** Does the server hold its tables the way the address says? Otherwise what is promised of them would not be true. */
import { TickhouseError } from '../../errors.ts'
import type { Backend } from '../backend.ts'
import { queryRows } from '../query.ts'

/** Throws `address_invalid` for a cluster that the server does not know or that spreads a table over shards. */
export async function checkCluster(backend: Backend, cluster: string): Promise<void> {
  const [row] = await queryRows<{ shards: string }>(
    backend,
    'SELECT uniqExact(shard_num) AS shards FROM system.clusters WHERE cluster = {cluster:String}',
    { cluster },
  )
  if (Number(row!.shards) === 1) return
  const why = row!.shards === '0' ? 'is not known there' : `has ${row!.shards} shards; a log partition has one ledger`
  throw new TickhouseError(
    'address_invalid',
    `cluster ${cluster} of ${backend.address} ${why}`,
    'Name a cluster of one shard; its names are in system.clusters.',
  )
}

/** Throws `address_invalid` if tables are replicated and no cluster is named, or the other way round. */
export async function checkEngines(backend: Backend, cluster: string | undefined): Promise<void> {
  const [row] = await queryRows<{ engine: string }>(
    backend,
    "SELECT engine FROM system.tables WHERE database = currentDatabase() AND name = 'trades'",
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
