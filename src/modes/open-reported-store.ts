import type { Config } from '../config.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import type { Emit } from '../telemetry/events.ts'

/** Opens the store and reports what it contains. Throws like `openStore`. */
export async function openReportedStore(config: Config, emit: Emit): Promise<Store> {
  const store = await openStore(config.STORE, config.DISK_FREE_MIB_MIN * 2 ** 20)
  const { kinds } = await store.size()
  emit('store_opened', {
    address: store.address,
    version: store.version,
    ticks: Object.entries(kinds)
      .map(([kind, { ticks }]) => `${ticks} ${kind}`)
      .join(', '),
  })
  return store
}
