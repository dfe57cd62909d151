/** A store and a log in a directory of their own, removed afterwards. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { ClickHouseClient } from '@clickhouse/client'
import type { OpenLog } from '../../../src/log/log.ts'
import { openLog } from '../../../src/log/open.ts'
import { ClickHouseStore } from '../../../src/store/clickhouse.ts'
import { EmbeddedBackend } from '../../../src/store/embedded/backend.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Owner } from '../processes/tickhouse.ts'

export interface TestStore {
  store: Store
  directory: string
  remove(): Promise<void>
}

export async function openTestStore(): Promise<TestStore> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-store-'))
  const store = await openStore(`chdb:${path.join(directory, 'store')}`)
  return {
    store,
    directory,
    remove: async () => {
      await store.close()
      fs.rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** An embedded store and the client below it, for a test that changes what is sent to the engine. */
export async function openWithClient(directory: string): Promise<{ store: Store; client: ClickHouseClient }> {
  const backend = await EmbeddedBackend.open(directory, 0)
  const store = new ClickHouseStore(backend)
  await store.prepare()
  return { store, client: backend.client }
}

/** An empty log and an empty store; they go with the test. */
export async function openBoth(t: Owner): Promise<{ log: OpenLog; store: Store }> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-log-'))
  const log = await openLog(`sqlite:${directory}`, 'write')
  const { store, remove } = await openTestStore()
  t.after(async () => {
    await log.close()
    await remove()
    fs.rmSync(directory, { recursive: true, force: true })
  })
  return { log, store }
}
