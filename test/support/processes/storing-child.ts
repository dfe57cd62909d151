/**
 * Ingest as a program that a test can break at any system call: opens log and store, sends "ready", waits for a
 * message, stores the whole log, sends its events, and ends. Its argument is a `StoringTask` as JSON.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import type { ClickHouseClient } from '@clickhouse/client'
import { openSqliteLog } from '../../../src/log/sqlite/log.ts'
import { openWithClient } from '../data/storage.ts'
import { storeAll } from '../data/storing.ts'

export interface StoringTask {
  log: string
  store: string
  ticksMax: number
  /** Lets the engine deduplicate batches by token, which tickhouse does not do. */
  tokens?: boolean
}

const task = JSON.parse(process.argv[2]!) as StoringTask
const log = await openSqliteLog(task.log, 'read')
const { store, client } = await openWithClient(task.store)
if (task.tokens) await useTokens(client)
process.send!('ready')
await once(process, 'message')
await storeAll(log, store, {
  config: { BATCH_TICKS_MAX: task.ticksMax, BATCH_AGE_MS_MAX: 10 },
  emit: event => process.send!(event),
})
await store.close()
// By then the parent has received every message.
process.disconnect()
await once(process, 'disconnect')
process.exit()

/** Gives the tables a memory of tokens, and every batch a token made of its bytes: the same after a restart. */
async function useTokens(client: ClickHouseClient): Promise<void> {
  for (const table of ['trades', 'quarantine'])
    await client.command({ query: `ALTER TABLE ${table} MODIFY SETTING non_replicated_deduplication_window = 1000` })
  const exec = client.exec.bind(client) as (params: object) => Promise<{ stream: Readable }>
  const execWithToken = async ({ values, ...params }: { values: Readable; clickhouse_settings: object }) => {
    const bytes = Buffer.concat(await values.toArray())
    return exec({
      ...params,
      values: Readable.from([bytes]),
      clickhouse_settings: {
        ...params.clickhouse_settings,
        insert_deduplicate: 1,
        deduplicate_insert: 'enable',
        insert_deduplication_token: createHash('sha256').update(bytes).digest('hex'),
      },
    })
  }
  Object.assign(client, { exec: execWithToken })
}
