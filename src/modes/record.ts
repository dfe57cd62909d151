/**
 * `record`: venues → log. The way of a trade (docs/architecture.md):
 *
 *   1. src/sources/connection/socket.ts   receives the venue's WebSocket frame
 *   2. src/venues/<venue>/decode.ts       decodes the frame into trades; src/venues/index.ts lists the venues
 *   3. src/sources/recorder.ts            gathers the trades of a partition into one record
 *   4. src/log/log.ts                     appends the record (SQLite or Kafka): from here on the trade is durable
 *   5. src/ingest/partition-loop.ts       reads the record, validates its trades, follows their ids, builds a batch
 *   6. src/store/clickhouse.ts            inserts the batch into ClickHouse, all or nothing, exactly once
 *   7. src/serve/page/live.ts             pushes stored batches to the page
 *   8. src/archive/archiver.ts            reads closed hours from the tables and writes verified Parquet
 *
 * Steps 1 to 4 are this mode, 5 to 7 `ingest.ts`, 8 `ingest.ts` for an embedded store and `archive.ts` for a ClickHouse
 * server. `start.ts` runs `record` and `ingest` as two processes with only the log between them: a recorder never waits
 * for ingest.
 */
import { MS_PER_HOUR } from '../clock.ts'
import type { Config } from '../config.ts'
import { TickhouseError } from '../errors.ts'
import { simulatedBy } from '../launcher/first-run.ts'
import { simulate } from '../launcher/simulated-exchange.ts'
import { subscriptionOf } from '../launcher/venue-addresses.ts'
import type { Log } from '../log/log.ts'
import { openAndWait } from '../log/open-and-wait.ts'
import { ACCEPTANCE, GAPS, latestMessages, latestRequest, RETRY } from '../log/recorder-requests.ts'
import { serveRecorder } from '../serve/http/standalone.ts'
import type { Running } from '../service.ts'
import { ConflatedQuotes } from '../sources/conflation.ts'
import { SelectionControl } from '../sources/control/selection-control.ts'
import { openFeeds } from '../sources/feeds.ts'
import { appendLater } from '../sources/handover/append-later.ts'
import { Handover } from '../sources/handover/handover.ts'
import { Readiness } from '../sources/handover/readiness.ts'
import { appendChanges } from '../sources/instruments/append-changes.ts'
import { InstrumentChanges } from '../sources/instruments/instrument-changes.ts'
import { InstrumentLists } from '../sources/instruments/instrument-lists.ts'
import { QuoteChecks } from '../sources/quote-check/quote-checks.ts'
import { Recorder } from '../sources/recorder.ts'
import { GapStatements } from '../sources/repair/gap-statements.ts'
import { RepairOwner } from '../sources/repair/owner.ts'
import { Repairs } from '../sources/repair/repairs.ts'
import { RestHosts } from '../sources/rest/hosts.ts'
import { KeptPauses } from '../sources/rest/kept-pauses.ts'
import { parseSources, type Selected } from '../sources/selection.ts'
import { freeRecorderKey, RECORDERS, type RecorderStatus, recorderKey } from '../sources/status.ts'
import { StatusAnnouncer } from '../sources/status-announcer.ts'
import { CheckedSymbols, reportCorrections } from '../sources/subscription/checked-symbols.ts'
import { selfOf } from '../status/health.ts'
import type { Journal } from '../telemetry/journal.ts'
import { healthSettings, sourcesAccess } from './process-settings.ts'

export interface RecordOptions {
  /** Why simulated data is recorded, where `start` chose it. */
  simulated?: RecorderStatus['simulated'] | undefined
  /** Another process records the same into the same log, and this one takes its place. */
  beside?: boolean | undefined
}

/** Throws TickhouseErrors. */
export async function record(
  config: Config,
  journal: Journal,
  stopping: AbortSignal,
  { simulated = simulatedBy(config.SOURCES ?? ''), beside = false }: RecordOptions = {},
): Promise<Running> {
  const { emit } = journal
  parseSources(config.SOURCES ?? '')
  const log = await openAndWait(config.LOG, beside ? 'beside' : 'write', emit, stopping)
  emit('log_opened', { address: log.address, partitions: log.partitions, next: nextOffsets(log) })
  const simulation = await simulate(parseSources(config.SOURCES ?? ''), config)
  const control = new SelectionControl({
    configured: config.SOURCES ?? '',
    board: log,
    latestRequest: () => latestRequest(config.LOG, log),
    subscriptionOf: one => subscriptionOf(one, config, simulation),
    emit,
  })
  if (beside) checkBeside(control.selected)
  const recorder = new Recorder({ log, emit, name: config.RECORDER })
  const subscriptions = control.subscriptions()
  const conflated = config.QUOTES_CONFLATE_MS > 0 ? new ConflatedQuotes(recorder, config.QUOTES_CONFLATE_MS) : undefined
  const feeds = openFeeds([], conflated ?? recorder, emit, undefined, config.WITNESS === 'on')
  recorder.onBackpressure = paused => (paused ? feeds.pause() : feeds.resume())
  reportCorrections(control.selected, emit)
  const checked = new CheckedSymbols(subscriptions, feeds, emit, {
    matched: control.matched,
    onMatched: matched => control.keepMatched(matched),
  })
  const changes = new InstrumentChanges({
    board: log,
    append: (venue, found, nowMs) => appendChanges(log, venue, found, nowMs),
    emit,
  })
  const hosts = new RestHosts({ kept: new KeptPauses(log) })
  const lists = new InstrumentLists({
    subscriptions,
    hosts,
    everyMs: config.INSTRUMENTS_EVERY_MINUTES * 60_000,
    emit,
    onListed: async ({ name }, listed) => {
      const compared = changes.compare(name, listed)
      if (!compared) return true
      await checked.compare(name, listed, symbol => compared.before?.bySymbol.has(symbol) ?? false)
      return !(await changes.record(compared))
    },
  })
  // Conflated quotes are not complete: a check would report what is configured.
  const turnMs = conflated ? 0 : config.QUOTE_CHECK_SECONDS * 1000
  const checks =
    turnMs > 0 ? new QuoteChecks({ log, subscriptions: () => checked.subscriptions, turnMs, emit, hosts }) : undefined
  const self = selfOf('record')
  // Nobody else writes a log in a directory: a recorder that announced itself a moment ago has crashed.
  const mayShare = beside || !config.LOG.startsWith('sqlite:')
  const key = mayShare
    ? freeRecorderKey(log.announcements(RECORDERS), config.SOURCES ?? '')
    : recorderKey(config.SOURCES ?? '')
  const waitMs = config.HANDOVER_SECONDS * 1000
  const named = { key, instance: self.instance, of: control.configured }
  const handover = new Handover({ ...named, board: log, recorder, feeds, waitMs, emit })
  const readiness = new Readiness({
    feeds,
    unresolved: () => checked.unresolved,
    announcedMs: () => announcer.announcedMs,
  })
  if (mayShare && handover.hasPeer) appendLater(recorder.holdBack, handover, readiness, stopping)
  const owner = new RepairOwner(log, key)
  const repairs =
    config.REPAIR_REACH > 0
      ? new Repairs({
          ...{ hosts, receiver: recorder, subscriptions: () => checked.subscriptions, emit },
          listed: () => latestMessages(config.LOG, log, GAPS),
          ownership: () => owner.isOurs(),
          reachMs: config.REPAIR_REACH * MS_PER_HOUR,
        })
      : undefined
  const statements = new GapStatements({
    acceptance: () => latestRequest(config.LOG, log, ACCEPTANCE),
    retry: () => latestRequest(config.LOG, log, RETRY),
    ownership: () => owner.isOurs(),
    append: repair => recorder.repair(repair),
  })
  const conflatedQuotes = () => conflated?.dropped ?? 0
  const reported = { log, recorder, conflatedQuotes, repairs, handover, feeds, checked, journal }
  const announcer = new StatusAnnouncer({ key, self, control, simulated, ...reported })
  const server = await serveRecorder(
    healthSettings(config),
    emit,
    self,
    log,
    () => announcer.status(),
    () => feeds.symbolStates(),
    () => readiness.missing(),
    sourcesAccess(config, { recorders: () => [{ key, status: announcer.status(), atMs: Date.now() }] }, log),
  )
  announcer.start()
  handover.start()
  control.start(checked, changed => lists.follow(changed))
  return {
    failed: recorder.failed,
    leave: options => handover.leave(options),
    stop: async () => {
      control.stop()
      announcer.stop()
      await server?.close()
      statements.close()
      await repairs?.close()
      await lists.close()
      await checks?.close()
      await feeds.close()
      await simulation?.stop()
      conflated?.flush()
      await recorder.drain()
      await handover.left()
      handover.stop()
      await log.close()
    },
  }
}

/** Throws `config_invalid` for a venue that ends the connection of the first recorder when a second one connects. */
function checkBeside(selected: readonly Selected[]): void {
  const only = selected.find(({ venue }) => venue.limits.connections !== undefined)?.venue.name
  if (only === undefined) return
  const why = `${only} allows one connection: a recorder beside another one would end its connection`
  throw new TickhouseError(
    'config_invalid',
    why,
    'Stop and start tickhouse instead: ticks of some seconds are missing.',
  )
}

function nextOffsets(log: Log): string {
  return Array.from({ length: log.partitions }, (_, partition) => log.bounds(partition).next).join(', ')
}
