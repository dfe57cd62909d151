/**
 * The story of the house. A tick's way:
 *
 *   venue ─▶ sources/ ─▶ log/ ─▶ ingest/ ─▶ store/ ─▶ archive/
 *                                             └─▶ serve/
 *
 * `record` is the way up to the log, `ingest` the way from it, each a process; `start` runs both and a simulated exchange where
 * one is wanted. Between the two is only the log: recording goes on whatever the other side does.
 */
import fs from 'node:fs'
import { openArchiver, openWithArchive } from '../archive/open.ts'
import type { Config } from '../config.ts'
import { TickhouseError } from '../errors.ts'
import { Ingest } from '../ingest/ingest.ts'
import { Reprocessor } from '../ingest/reprocess/reprocess.ts'
import { chooseSources, simulatedBy } from '../launcher/first-run.ts'
import { startSimulation } from '../launcher/simulated-exchange.ts'
import { superviseProcesses } from '../launcher/supervisor.ts'
import { subscriptionOf } from '../launcher/venue-addresses.ts'
import type { Log } from '../log/log.ts'
import { openAndWait } from '../log/open-and-wait.ts'
import { IngestTelemetry } from '../serve/http/ingest-metrics.ts'
import { serveArchiver, servePageMetrics, serveRecorder } from '../serve/http/standalone.ts'
import { Page } from '../serve/page/page.ts'
import { serveSql } from '../serve/sql/sql-server.ts'
import type { Running, Serving } from '../service.ts'
import { decodeAgain } from '../sources/decode-again.ts'
import { openFeeds } from '../sources/feeds.ts'
import { Recorder } from '../sources/recorder.ts'
import { formatSources, parseSources, type Selected } from '../sources/selection.ts'
import { ANNOUNCE_EVERY_MS, type RecorderStatus, recorderKey } from '../sources/status.ts'
import { CheckedSymbols, reportCorrections } from '../sources/subscription/checked-symbols.ts'
import { selfOf } from '../status/health.ts'
import { LocalIngest } from '../status/local-ingest.ts'
import { RemoteIngest } from '../status/remote-ingest.ts'
import { parseStoreAddress } from '../store/address.ts'
import { openEngine } from '../store/embedded/engine.ts'
import { openStore } from '../store/open.ts'
import type { Journal } from '../telemetry/journal.ts'
import { ProcessGauge } from '../telemetry/process.ts'
import { limitsOf, venuesOf } from './ingest-settings.ts'

const RECORDER_LINES = 100
/** Sessions that the engine keeps where every statement from outside has one of its own. */
const SERVED_SESSIONS = { insertSessions: 1, querySessions: 1, waitingMax: 16 }

/** venue → sources → log. Simulated sources need their exchange's address: see `start`. */
export async function record(
  config: Config,
  journal: Journal,
  stopping: AbortSignal,
  simulated: RecorderStatus['simulated'] = simulatedBy(config.SOURCES ?? ''),
): Promise<Running> {
  const { emit } = journal
  const selected = parseSources(config.SOURCES ?? '')
  const log = await openAndWait(config.LOG, 'write', emit, stopping)
  emit('log_opened', { address: log.address, partitions: log.partitions, next: nextOffsets(log) })
  const simulation = config.SIMULATOR_WS ? undefined : await simulationFor(selected, config)
  const { promise: failed, reject } = Promise.withResolvers<never>()
  const recorder = new Recorder({ log, emit, failed: reject, hold: held => (held ? feeds.pause() : feeds.resume()) })
  const subscriptions = selected.map(one => subscriptionOf(one, config, simulation))
  const feeds = openFeeds(subscriptions, recorder, emit)
  reportCorrections(selected, emit)
  const checked = new CheckedSymbols(subscriptions, feeds, emit)

  const self = selfOf('record')
  const gauge = new ProcessGauge()
  const station = recorderKey(config.SOURCES ?? '')
  const statusNow = (): RecorderStatus => ({
    startedAtMs: self.startedAtMs,
    instance: self.instance,
    sources: formatSources(selected.map(one => ({ ...one, symbols: checked.of(one.venue.name) }))),
    simulated,
    received: recorder.received.total,
    receivedPerSecond: recorder.received.perSecond(),
    appendMs: recorder.appendMs.quantiles(),
    held: recorder.held,
    connections: feeds.status(),
    process: gauge.read(),
    events: journal.counts,
    lines: journal.since(0).slice(-RECORDER_LINES),
  })
  const server = await serveRecorder(config, emit, self, log, statusNow)
  // A log that cannot be written says so on the ticks' own way; the next announcement replaces this one.
  const announcing = setInterval(() => log.announce(station, statusNow()).catch(() => {}), ANNOUNCE_EVERY_MS)
  return {
    failed,
    stop: async () => {
      clearInterval(announcing)
      await server?.close()
      await checked.close()
      await feeds.close()
      await simulation?.stop()
      await recorder.drain()
      await log.close()
    },
  }
}

/** log → ingest → store, and the page and queries over it: this process owns an embedded engine. */
export async function ingest(config: Config, journal: Journal, stopping: AbortSignal): Promise<Running> {
  const { emit } = journal
  const store = await openStore(config.STORE, config.DISK_FREE_MIB_MIN * 2 ** 20)
  emit('store_opened', { address: store.address, version: store.version, trades: (await store.size()).trades })
  const log = await openAndWait(config.LOG, 'read', emit, stopping)
  const venues = venuesOf(config)
  const storing = new Ingest({
    limits: limitsOf(config),
    venues,
    log,
    store,
    emit,
    onStored: ({ trades }) => page.take(trades),
  })
  // A store that several processes share is archived by one of its own: see `archive`.
  const archiver = 'directory' in parseStoreAddress(config.STORE) ? await openArchiver(config, log, store, emit) : null
  const page = new Page({
    log,
    store,
    ingest: new LocalIngest(storing, log),
    archive: () => archiver?.figures ?? null,
    journal,
  })
  const reprocessor = new Reprocessor({ log, store, storing, venues, reread: decodeAgain, emit })
  const observing = new IngestTelemetry({
    self: selfOf('ingest'),
    store,
    storing,
    report: page.report,
    refusedRequests: page.refusedRequests,
    archiver,
    journal,
    keepDays: config.DIAGNOSTICS_KEEP_DAYS,
    // Under `start`; on its own, a recorder serves its own figures.
    forRecorder: process.channel !== undefined,
  })
  await page.listen(config, observing.forServer, { reprocessor, runExclusive: work => storing.runExclusive(work) })
  page.start()
  storing.start()
  archiver?.start()
  if (config.DIAGNOSTICS === 'on') observing.diagnostics.start()
  return {
    failed: Promise.race([storing.crashed, ...(store.engine ? [store.engine.failed] : [])]),
    stop: async () => {
      const archived = archiver?.stop()
      await storing.stop()
      await archived
      await observing.diagnostics.stop()
      await page.close()
      await log.close()
      await store.close()
    },
  }
}

/** store → archive, for a store on a server: one process archives for all that store. */
export async function archive(config: Config, journal: Journal, stopping: AbortSignal): Promise<Running> {
  const { emit } = journal
  const store = await openStore(config.STORE)
  const log = await openAndWait(config.LOG, 'read', emit, stopping)
  const archiver = await openArchiver(config, log, store, emit)
  if (!archiver)
    throw new TickhouseError('config_invalid', 'the archive is off', 'Set TICKHOUSE_ARCHIVE: see docs/archive.md.')
  const observed = await serveArchiver(config, journal, selfOf('archive'), store, archiver)
  archiver.start()
  return {
    failed: new Promise(() => {}),
    stop: async () => {
      await archiver.stop()
      await observed.stop()
      await log.close()
      await store.close()
    },
  }
}

/**
 * store → the page and queries, for a store on a server: whoever stores into it, this process only shows. An embedded store belongs
 * to who stores: while nobody does, its SQL is served, for there is nothing else to show.
 */
export async function serve(config: Config, journal: Journal, stopping: AbortSignal): Promise<Running> {
  if ('directory' in parseStoreAddress(config.STORE)) return await serveStore(config, journal, false)
  const { emit } = journal
  const store = await openStore(config.STORE)
  emit('store_opened', { address: store.address, version: store.version, trades: (await store.size()).trades })
  const log = await openAndWait(config.LOG, 'read', emit, stopping)
  const self = selfOf('serve')
  const elsewhere = new RemoteIngest({ log, store, instance: self.instance, emit, places: () => page.places() })
  const page = new Page({ log, store, ingest: elsewhere, archive: () => elsewhere.archived(), journal })
  const observed = servePageMetrics(config, journal, self, store, page.report, page.refusedRequests)
  await elsewhere.start()
  await page.listen(config, observed.forServer, null)
  page.start()
  observed.start()
  return {
    failed: new Promise(() => {}),
    stop: async () => {
      elsewhere.close()
      await observed.stop()
      await page.close()
      await log.close()
      await store.close()
    },
  }
}

/** An embedded store that rests. `writable`: whoever asks may change everything, as on a ClickHouse server; for tests. */
export async function serveStore(config: Config, journal: Journal, writable: boolean): Promise<Serving> {
  const where = parseStoreAddress(config.STORE)
  if (!('directory' in where) || (!writable && !fs.existsSync(where.directory)))
    throw new TickhouseError(
      'config_invalid',
      `there is no store in ${'directory' in where ? where.directory : where.shown}`,
      'Give TICKHOUSE_STORE=chdb:<directory> of a house that has stored something.',
    )
  const { close, ...opened } = writable ? await openBare(where.directory) : await openResting(config)
  const server = await serveSql(config, { ...opened, writable, emit: journal.emit })
  return {
    url: server.listeningOrigin,
    failed: opened.engine.failed,
    stop: async () => {
      await server.close()
      await close()
    },
  }
}

async function openBare(directory: string) {
  const engine = await openEngine(directory, SERVED_SESSIONS)
  return { engine, ask: undefined, close: () => engine.close() }
}

/** With what is archived in view. */
async function openResting(config: Config) {
  const store = await openStore(config.STORE)
  await openWithArchive(config, store)
  return { engine: store.engine!, ask: store.untrusted.bind(store), close: () => store.close() }
}

/** Everything, the default: a recorder and a storing process, watched, and what they record chosen if nothing is configured. */
export async function start(config: Config, journal: Journal): Promise<Running> {
  const { sources, simulated } = await chooseSources(config.SOURCES, config.LOG)
  const selected = parseSources(sources)
  if (simulated) journal.emit('simulated', simulated)
  const simulation = config.SIMULATOR_WS ? undefined : await simulationFor(selected, config)
  const house = superviseProcesses(
    {
      ...config,
      SOURCES: sources,
      SIMULATOR_WS: config.SIMULATOR_WS ?? simulation?.wsUrl,
      SIMULATOR_REST: config.SIMULATOR_REST ?? simulation?.restUrl,
    },
    simulated,
    journal.emit,
  )
  return {
    failed: house.failed,
    stop: () => house.stop().finally(() => simulation?.stop()),
  }
}

function simulationFor(selected: readonly Selected[], config: Config) {
  const simulated = selected.find(({ venue }) => venue.name === 'simulator')
  return simulated && startSimulation(simulated, config.LOG)
}

function nextOffsets(log: Log): string {
  return Array.from({ length: log.partitions }, (_, partition) => log.bounds(partition).next).join(', ')
}
