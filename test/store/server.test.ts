import { storeContract } from '../contracts/store.ts'
import { openTestServer } from '../support/clickhouse-server.ts'

storeContract('a ClickHouse server', async owner => (await openTestServer(owner)).freshStore())
