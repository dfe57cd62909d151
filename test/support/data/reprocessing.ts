import { type Config, parseConfig } from '../../../src/config.ts'
import type { QuarantineFilter } from '../../../src/ingest/reprocess/quarantine.ts'
import { type RequeueReport, Requeuing } from '../../../src/ingest/reprocess/reprocess.ts'
import { Storing } from '../../../src/ingest/ingest.ts'
import { limitsOf, venuesOf } from '../../../src/modes/ingest-settings.ts'
import type { Log } from '../../../src/log/log.ts'
import { rereadFrame } from '../../../src/sources/decode-again.ts'
import type { Store } from '../../../src/store/store.ts'

/** Judges quarantine again, once for each filter, beside a storing side that runs on this log and store, and stops that. */
export async function requeueIn(
  log: Log,
  store: Store,
  settings: Partial<Config>,
  filters: readonly QuarantineFilter[],
  dryRuns: readonly boolean[] = [],
): Promise<RequeueReport[]> {
  const config = { ...parseConfig({}, {}), ...settings }
  const venues = venuesOf(config)
  const emit = () => {}
  const storing = new Storing({ limits: limitsOf(config), venues, log, store, emit, onStored: () => {} })
  const requeuing = new Requeuing({ log, store, storing, venues, reread: rereadFrame, emit })
  storing.start()
  try {
    const reports: RequeueReport[] = []
    for (const [at, filter] of filters.entries()) reports.push(await requeuing.run(filter, dryRuns[at] ?? false))
    return reports
  } finally {
    await storing.stop()
  }
}
