import type { Store } from '../../store/store.ts'
import type { ArchiveCatalog } from '../catalog/catalog.ts'
import type { ArchiveTarget } from '../targets/target.ts'

/** Store, archive and catalog of a restore. */
export interface RestoreContext {
  store: Store
  target: ArchiveTarget
  catalog: ArchiveCatalog
  /** Identity of the log the store is to follow; undefined if the log is not readable. */
  log?: string | undefined
  /** Called after each object with the rows done and the total. */
  progress?: (done: number, total: number) => void
}
