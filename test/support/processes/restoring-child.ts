/**
 * Restores an archive into a store and is killed, as by `kill -9`, at a step of the work: before an object is read,
 * while it is read, and after its rows are in. Its argument is a `RestoringTask` as JSON.
 */
import { ArchiveCatalog } from '../../../src/archive/catalog/catalog.ts'
import { restore } from '../../../src/archive/restore/restore.ts'
import { openTarget } from '../../../src/archive/targets/open.ts'
import { openStore } from '../../../src/store/open.ts'

export interface RestoringTask {
  archive: string
  store: string
  /** Steps until it is killed, from 1. */
  diesAt: number
}

const task = JSON.parse(process.argv[2]!) as RestoringTask
let steps = 0
const step = () => {
  if (++steps === task.diesAt) process.kill(process.pid, 'SIGKILL')
}
const target = await openTarget(task.archive, 'unused')
const store = await openStore(task.store)
const fetch = target.fetch.bind(target)
target.fetch = async key => {
  if (key.endsWith('.json')) return fetch(key)
  step()
  const fetched = await fetch(key)
  step()
  return fetched
}
await restore({ store, target, catalog: new ArchiveCatalog(store, target.address), progress: step }, {})
await store.close()
process.exit()
