import { parseStoreAddress } from './address.ts'
import { ClickHouseStore } from './clickhouse.ts'
import { EmbeddedBackend } from './embedded/backend.ts'
import { ServerBackend } from './server/backend.ts'
import type { Store } from './store.ts'

/**
 * Opens the store at an address (`chdb:<directory>` or `http(s)://user:password@host:port/database`) and brings its
 * tables to this version. With less than `diskFreeBytesMin` free on its disk, an embedded store refuses inserts as
 * `disk_full`. Throws TickhouseErrors: `address_invalid`, `data_foreign` and others of the kind.
 */
export async function openStore(address: string, diskFreeBytesMin = 0): Promise<Store> {
  const where = parseStoreAddress(address)
  const backend =
    where.kind === 'embedded' ? await EmbeddedBackend.open(where.directory, diskFreeBytesMin) : new ServerBackend(where)
  const store = new ClickHouseStore(backend)
  try {
    await store.prepare()
  } catch (error) {
    await store.close()
    throw error
  }
  return store
}
