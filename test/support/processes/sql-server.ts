/** SQL over HTTP on a store that is empty, or filled first, with a token, as `tickhouse serve` gives it. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseConfig } from '../../../src/config.ts'
import { serveStore } from '../../../src/modes/serve-store.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/store.ts'
import { Journal } from '../../../src/telemetry/journal.ts'

export const TOKEN = 'a-token-of-the-tests'

export interface SqlServer {
  url: string
  close(): Promise<void>
}

export async function openSqlServer(fill: (store: Store) => Promise<void> = async () => {}): Promise<SqlServer> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-sql-'))
  const address = `chdb:${path.join(directory, 'store')}`
  const store = await openStore(address)
  await fill(store)
  await store.close()
  const config = { ...parseConfig({}, {}), STORE: address, LISTEN: '127.0.0.1:0', TOKEN }
  const serving = await serveStore(config, new Journal('test', 'error', 'text'), false)
  return {
    url: serving.url,
    close: async () => {
      await serving.stop()
      fs.rmSync(directory, { recursive: true, force: true })
    },
  }
}
