/** A store and a log in a directory of their own, removed afterwards. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { openStore, type Store } from '../../src/store/store.ts'

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
