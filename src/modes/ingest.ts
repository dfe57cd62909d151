/**
 * `ingest`: log → ClickHouse, with the page and queries on it. One process owns an embedded engine; it archives too.
 */
import { openArchiver } from '../archive/open.ts'
import { CoverageUpkeep } from '../coverage/upkeep.ts'
import { GapAnnouncer } from '../ingest/gaps/gap-announcer.ts'
import { Ingest } from '../ingest/ingest.ts'
import { Reprocessor } from '../ingest/reprocess/reprocess.ts'
import type { Mode } from '../launcher/process.ts'
import { openAndWait } from '../log/open-and-wait.ts'
import { RecorderMessages } from '../log/recorder-requests.ts'
import { IngestTelemetry } from '../serve/http/ingest-telemetry.ts'
import { Page } from '../serve/page/page.ts'
import { decodeAgain } from '../sources/decode-again.ts'
import { ID_KINDS, selfOf } from '../status/health.ts'
import { LocalIngest } from '../status/local-ingest.ts'
import { limitsOf, readersOf, venuesOf } from './ingest-settings.ts'
import { openReportedStore } from './open-reported-store.ts'
import { pageSettings, sourcesAccess } from './process-settings.ts'

/** `supervision`: `start` runs it beside a recorder that has no HTTP server of its own. Throws TickhouseErrors. */
export const ingest: Mode = async (config, journal, stopping, supervision) => {
  const { emit } = journal
  const store = await openReportedStore(config, emit)
  const log = await openAndWait(config.LOG, 'read', emit, stopping)
  const venues = venuesOf(config)
  const readers = readersOf(config, store)
  const storing = new Ingest({ limits: limitsOf(config, readers), readers, venues, log, store, emit })
  const messages = new RecorderMessages(config.LOG)
  const gaps = new GapAnnouncer({
    partitions: () => storing.partitions,
    leave: (key, body) => messages.leave(key, body),
    emit,
  })
  // A ClickHouse server may have several ingest processes: `archive.ts` archives for all of them.
  const archiver = store.kind === 'embedded' ? await openArchiver(config, log, store, emit, venues) : null
  const local = new LocalIngest(storing, log)
  const page = new Page({ log, store, ingest: local, archive: () => archiver?.metrics ?? null, journal })
  page.follow(storing)
  const telemetry = new IngestTelemetry({
    self: selfOf('ingest'),
    store,
    storing,
    report: page.report,
    refusedRequests: page.refusedRequests,
    archiver,
    journal,
    keepDays: config.DIAGNOSTICS_KEEP_DAYS,
    forRecorder: supervision !== undefined,
  })
  const reprocessor = new Reprocessor({ log, store, storing, venues, reread: decodeAgain, emit })
  const coverage = new CoverageUpkeep({
    store,
    idKinds: ID_KINDS,
    selected: () => {
      const symbols = page.report.symbolStates()
      return symbols.length > 0 ? symbols : null
    },
    // Of several processes that store one log, one counts.
    isOurs: () => storing.partitions.some(({ partition }) => partition === 0),
    failed: ({ message }) => emit('coverage_failed', { why: message }),
  })
  await page.listen(
    pageSettings(config),
    {
      ...telemetry.forServer,
      sources: sourcesAccess(config, page.report, log),
      cosigning: archiver?.cosigning ?? null,
      supervision,
    },
    {
      reprocessor,
      runExclusive: work => storing.runExclusive(work),
      reading: storing,
    },
  )
  page.start()
  storing.start()
  gaps.start()
  coverage.start()
  archiver?.start()
  if (config.DIAGNOSTICS === 'on') telemetry.writer.start()
  return {
    failed: Promise.race([storing.crashed, ...(store.engine ? [store.engine.failed] : [])]),
    stop: async () => {
      const archived = archiver?.stop()
      await storing.stop()
      await gaps.stop()
      await coverage.stop()
      await messages.close()
      await archived
      await telemetry.writer.stop()
      await page.close()
      await log.close()
      await store.close()
    },
  }
}
