import type { Store } from '../../store/store.ts'
import type { ArchiveCatalog } from '../catalog/catalog.ts'
import type { ArchiveTarget } from '../targets/target.ts'

/** What a restore works with. */
export interface Restoring {
  store: Store
  target: ArchiveTarget
  catalog: ArchiveCatalog
  /** The identity of the log that the store is to follow; undefined if there is none at hand. */
  log?: string | undefined
  /** Told after each object: rows done, of how many. */
  progress?: (done: number, total: number) => void
}
