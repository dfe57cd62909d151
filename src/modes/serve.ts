/**
 * `serve`: the page and queries on a ClickHouse server that other processes fill, or SQL on a stopped embedded store.
 */
import type { Mode } from '../launcher/process.ts'
import { openAndWait } from '../log/open-and-wait.ts'
import { pageTelemetry } from '../serve/http/standalone.ts'
import { Page } from '../serve/page/page.ts'
import { selfOf } from '../status/health.ts'
import { RemoteIngest } from '../status/remote-ingest.ts'
import { embeddedDirectory } from '../store/address.ts'
import { openReportedStore } from './open-reported-store.ts'
import { pageSettings, sourcesAccess, telemetrySettings } from './process-settings.ts'
import { serveStore } from './serve-store.ts'

/** An embedded store has one owner: while an ingest process has it, that process serves it. Throws TickhouseErrors. */
export const serve: Mode = async (config, journal, stopping) => {
  if (embeddedDirectory(config.STORE) !== undefined) return await serveStore(config, journal, false)
  const { emit } = journal
  const store = await openReportedStore(config, emit)
  const log = await openAndWait(config.LOG, 'read', emit, stopping)
  const self = selfOf('serve')
  const remote = new RemoteIngest({ log, store, instance: self.instance, emit })
  const page = new Page({ log, store, ingest: remote, archive: () => remote.archived(), journal })
  remote.follow(page)
  const telemetry = pageTelemetry(telemetrySettings(config), journal, self, store, page.report, page.refusedRequests)
  await remote.start()
  await page.listen(
    pageSettings(config),
    { ...telemetry.forServer, sources: sourcesAccess(config, page.report, log) },
    null,
  )
  page.start()
  telemetry.start()
  return {
    failed: new Promise(() => {}),
    stop: async () => {
      remote.close()
      await telemetry.stop()
      await page.close()
      await log.close()
      await store.close()
    },
  }
}
