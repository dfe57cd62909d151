/** Moves all ticks of a stopped instance from its store to an archive, as it happens over days. */
import assert from 'node:assert/strict'
import { openTarget } from '../../../src/archive/targets/open.ts'
import { viewArchive } from '../../../src/archive/view.ts'
import { MS_PER_DAY } from '../../../src/clock.ts'
import type { Store } from '../../../src/store/store.ts'
import { EventLog } from '../judges/event-log.ts'
import type { TestInstance } from '../processes/tickhouse.ts'
import { archiverOf } from './archiving.ts'

/** Afterwards tables trades and quotes are empty, and the views read the archive in `archive` of its directory. */
export async function moveToArchive(instance: TestInstance, store: Store): Promise<void> {
  const log = await instance.log('write')
  const target = await openTarget(`file:${instance.directory}/archive`, 'unused')
  const { archiver } = archiverOf({ log, store, events: new EventLog(), close: async () => {} }, target, {
    nowMs: Date.now() + 3 * MS_PER_DAY,
    retention: { logHours: undefined, storeDays: 0 },
  })
  await archiver.round()
  await viewArchive(store, target)
  await log.close()
  const counted = ['trades', 'quotes'].map(table => `(SELECT count() FROM ${table})`)
  const [left] = await store.rows<{ left: string }>(`SELECT toString(${counted.join(' + ')}) AS left`)
  assert.equal(left!.left, '0', 'the store has no trade and no quote any more')
}
