/** A storing process of its own: stores a log in a directory into the store at an address, and sends its events to the parent. */
import { once } from 'node:events'
import { parseConfig } from '../../../src/config.ts'
import { Ingest } from '../../../src/ingest/ingest.ts'
import { openSqliteLog } from '../../../src/log/sqlite/log.ts'
import { limitsOf, venuesOf } from '../../../src/modes/ingest-settings.ts'
import { openStore } from '../../../src/store/open.ts'
import { MIXED_BATCH_TICKS_MAX } from '../../support/data/mixed-log.ts'

const [directory, address] = process.argv.slice(2)
const config = { ...parseConfig({}, {}), BATCH_TICKS_MAX: MIXED_BATCH_TICKS_MAX, BATCH_AGE_MS_MAX: 10 }
const log = await openSqliteLog(directory!, 'read')
const store = await openStore(address!)
const storing = new Ingest({
  limits: limitsOf(config),
  venues: venuesOf(config),
  log,
  store,
  emit: name => process.send!(name),
})
storing.start()
await once(process, 'message')
await storing.stop()
await store.close()
await log.close()
process.disconnect()
