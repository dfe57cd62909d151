import { type Config, parseConfig } from '../../../src/config.ts'
import { Ingest } from '../../../src/ingest/ingest.ts'
import type { QuarantineFilter } from '../../../src/ingest/reprocess/quarantine.ts'
import { Reprocessor, type ReprocessReport } from '../../../src/ingest/reprocess/reprocess.ts'
import type { OpenLog } from '../../../src/log/log.ts'
import { limitsOf, venuesOf } from '../../../src/modes/ingest-settings.ts'
import { decodeAgain } from '../../../src/sources/decode-again.ts'
import type { Store } from '../../../src/store/store.ts'

/** Reprocesses quarantine once per filter while ingest runs on this log and store; then stops ingest. */
export async function reprocessIn(
  log: OpenLog,
  store: Store,
  settings: Partial<Config>,
  filters: readonly QuarantineFilter[],
  dryRuns: readonly boolean[] = [],
): Promise<ReprocessReport[]> {
  const config = { ...parseConfig({}, {}), ...settings }
  const venues = venuesOf(config)
  const emit = () => {}
  const storing = new Ingest({ limits: limitsOf(config), venues, log, store, emit })
  const reprocessor = new Reprocessor({ log, store, storing, venues, reread: decodeAgain, emit })
  storing.start()
  try {
    const reports: ReprocessReport[] = []
    for (const [at, filter] of filters.entries()) reports.push(await reprocessor.run(filter, dryRuns[at] ?? false))
    return reports
  } finally {
    await storing.stop()
  }
}
