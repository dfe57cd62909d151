/** Ingest without recorder and page: log → ingest → store, in this process. */
import path from 'node:path'
import type { ClickHouseClient } from '@clickhouse/client'
import { SYSTEM_CLOCK } from '../../src/clock.ts'
import { parseConfig } from '../../src/config.ts'
import { Checkpoint } from '../../src/ingest/checkpoint.ts'
import { IngestMetrics } from '../../src/ingest/metrics.ts'
import { PartitionIngest } from '../../src/ingest/partition-loop.ts'
import type { KnownVenues } from '../../src/ingest/validated-record.ts'
import type { OpenLog } from '../../src/log/log.ts'
import { openSqliteLog } from '../../src/log/sqlite/log.ts'
import { EmbeddedBackend } from '../../src/store/embedded/backend.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { simulator } from '../../src/venues/simulator.ts'

/** Maximum trades of an insert: the default of `BATCH_TICKS_MAX`. */
export const BATCH_TRADES = parseConfig({}, {}).BATCH_TICKS_MAX
const BYTES_MAX = 64 * 2 ** 20

export interface Parts {
  log: OpenLog
  store: Store
}

/** Opens a new log and a new store in a directory, and closes them after the work. */
export async function withParts<T>(directory: string, work: (parts: Parts) => Promise<T>): Promise<T> {
  const log = await openSqliteLog(path.join(directory, 'log'), 'write')
  const store = await openStore(`chdb:${path.join(directory, 'store')}`)
  try {
    return await work({ log, store })
  } finally {
    await log.close()
    await store.close()
  }
}

/** Opens a new store in a directory, passes the stock client on its engine to `work`, and closes it after the work. */
export async function withClient<T>(directory: string, work: (client: ClickHouseClient) => Promise<T>): Promise<T> {
  const backend = await EmbeddedBackend.open(path.join(directory, 'store'), 0)
  try {
    await backend.prepare()
    return await work(backend.client)
  } finally {
    await backend.close()
  }
}

/**
 * Ingests partition 0 until `trades` trades of one venue are in the table, and `copies` of them are counted. Returns the number of
 * inserts.
 */
export async function storeAll(
  { log, store }: Parts,
  trades: number,
  venue: string = simulator.name,
  copies = 0,
): Promise<number> {
  const venues: KnownVenues = new Map([[venue, 'dense']])
  const { BATCH_AGE_MS_MAX } = parseConfig({}, {})
  const limits = { ticksMax: BATCH_TRADES, bytesMax: BYTES_MAX, ageMsMax: BATCH_AGE_MS_MAX }
  const stop = new AbortController()
  let inserts = 0
  const ingest = new PartitionIngest({
    partition: 0,
    log,
    store,
    checkpoint: new Checkpoint(store, SYSTEM_CLOCK),
    venues,
    limits,
    clock: SYSTEM_CLOCK,
    metrics: new IngestMetrics(),
    emit: () => {},
    crashed: error => {
      throw error
    },
    onStored: () => {
      inserts++
      const { storedTicks, refusedTicks } = ingest.metrics
      if (storedTicks.total === trades && refusedTicks.total === copies) stop.abort()
    },
  })
  await ingest.run(stop.signal)
  if (ingest.failure) throw ingest.failure
  const { ticks: stored } = (await store.size()).kinds.trades
  if (stored !== trades || ingest.metrics.refusedTicks.total !== copies)
    throw new Error(`${stored} of ${trades} trades stored, ${ingest.metrics.refusedTicks.total} refused`)
  return inserts
}
