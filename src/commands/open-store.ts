/** Read access to the store: through the tickhouse at `TICKHOUSE_LISTEN` if one runs there, else by opening it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openWithArchive } from '../archive/open.ts'
import type { Config } from '../config.ts'
import { TickhouseError } from '../errors.ts'
import type { Selection, Store } from '../store/store.ts'
import { openExistingStore } from './existing-store.ts'
import { requestInstance, requestPage } from './running/instance-request.ts'

/** Retries while other queries take all slots. */
const BUSY_WAIT_MS = 100
const BUSY_WAITS_MAX = 300

export interface StoreAccess {
  /** The result of a reading statement, in a ClickHouse format; with `only`, over these rows of the tick tables alone. Throws TickhouseErrors. */
  query(query: string, format: string, only?: Selection): Promise<Uint8Array>
  /** The store, if this process has it open. */
  readonly store: Store | null
  close(): Promise<void>
}

/** Throws `data_in_use` if the store is open in a process that does not answer. */
export async function openStoreAccess(config: Config): Promise<StoreAccess> {
  const running = await requestInstance(config, '/api/query', { method: 'POST', body: 'SELECT 1' }).catch(
    () => undefined,
  )
  await running?.bytes()
  // A process without a page (record, archive, watch) may serve its health there: it answers no queries.
  if (running && running.status !== 404) {
    return {
      query: (query, format, only) => queryInstance(config, query, format, only),
      store: null,
      close: async () => {},
    }
  }
  const store = await openExistingStore(config)
  const target = await openWithArchive(config, store)
  const close = async () => {
    await store.close()
    await target?.close()
  }
  return { query: (query, format, only) => store.untrusted(query, format, undefined, only), store, close }
}

async function queryInstance(
  config: Config,
  query: string,
  format: string,
  only: Selection | undefined,
): Promise<Uint8Array> {
  const body = only ? JSON.stringify({ query, only }) : query
  const request = { method: 'POST', body, json: only !== undefined }
  for (let waits = 0; ; waits++) {
    const response = await requestPage(config, `/api/query?format=${format}`, request)
    if (response.ok) return await response.bytes()
    const body = await response.text()
    if (response.status !== 503 || waits === BUSY_WAITS_MAX) {
      throw new TickhouseError('query_failed', `the tickhouse at ${config.LISTEN} did not answer: ${body}`, '')
    }
    await sleep(BUSY_WAIT_MS)
  }
}
