/**
 * A ClickHouse server for tests: the one of TICKHOUSE_TEST_CLICKHOUSE (`http://default:@127.0.0.1:8123`,
 * `http://…:8123?cluster=main`), else our own, which serves the same interface from the embedded engine in another
 * process.
 */
import { randomBytes } from 'node:crypto'
import { createClient } from '@clickhouse/client'
import { type Owner, TestInstance } from '../processes/tickhouse.ts'

const GIVEN = process.env.TICKHOUSE_TEST_CLICKHOUSE

export interface TestServer {
  /** Scheme, host and port, with the user. */
  url: string
  /**
   * The address of a store in a database of its own, which goes with the tests. `through` is another way to the server.
   */
  freshStore(through?: string): string
  /** The same database by another way. */
  storeThrough(address: string, through: string, timeoutMs?: number): string
}

export async function openTestServer(t: Owner): Promise<TestServer> {
  const base = new URL(GIVEN ?? (await new TestInstance(t).run('serve', {}, ['--writable']).url()))
  const databases: string[] = []
  if (GIVEN) t.after(() => drop(base, databases))
  return {
    url: base.href,
    freshStore: through => {
      const database = `tickhouse_test_${randomBytes(6).toString('hex')}`
      databases.push(database)
      return addressOf(base, database, through)
    },
    storeThrough: (address, through, timeoutMs) => {
      const url = new URL(addressOf(base, new URL(address).pathname.slice(1), through))
      if (timeoutMs) url.searchParams.set('timeoutMs', String(timeoutMs))
      return url.href
    },
  }
}

function addressOf(base: URL, database: string, through = base.href): string {
  const url = new URL(base)
  url.host = new URL(through).host
  url.pathname = database
  return url.href
}

async function drop(base: URL, databases: readonly string[]): Promise<void> {
  const url = new URL(base)
  const cluster = url.searchParams.get('cluster')
  url.search = ''
  const client = createClient({ url })
  const everywhere = cluster ? ` ON CLUSTER '${cluster}'` : ''
  for (const database of databases)
    await client.command({ query: `DROP DATABASE IF EXISTS ${database}${everywhere} SYNC` })
  await client.close()
}
