import { readFile } from 'node:fs/promises'
import { TickhouseError } from '../errors.ts'
import { parseStoreAddress, type ServerAddress } from './address.ts'
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
    where.kind === 'embedded'
      ? await EmbeddedBackend.open(where.directory, diskFreeBytesMin)
      : new ServerBackend(await withPassword(where))
  const store = new ClickHouseStore(backend)
  try {
    await store.prepare()
  } catch (error) {
    await store.close()
    throw error
  }
  return store
}

/** The address with the password of its file. */
async function withPassword(address: ServerAddress): Promise<ServerAddress> {
  const { passwordFile } = address
  if (passwordFile === undefined) return address
  try {
    return { ...address, password: (await readFile(passwordFile, 'utf8')).trim() }
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message
    throw new TickhouseError(
      'address_invalid',
      `TICKHOUSE_STORE: cannot read passwordFile ${passwordFile} (${why})`,
      'Make it readable by tickhouse.',
    )
  }
}
