/** The cost of diagnostics: recording and storing at full rate, with all of them and with none. */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseConfig } from '../../src/config.ts'
import { Ingest } from '../../src/ingest/ingest.ts'
import type { LogRecord, OpenLog } from '../../src/log/log.ts'
import { limitsOf, venuesOf } from '../../src/modes/ingest-settings.ts'
import { IngestTelemetry } from '../../src/serve/http/ingest-telemetry.ts'
import { Page } from '../../src/serve/page/page.ts'
import { ANNOUNCE_EVERY_MS, type RecorderStatus, recorderKey } from '../../src/sources/status.ts'
import { LocalIngest } from '../../src/status/local-ingest.ts'
import { instanceName } from '../../src/telemetry/instance.ts'
import { Journal } from '../../src/telemetry/journal.ts'
import { ProcessGauge } from '../../src/telemetry/process.ts'
import { toPrometheus } from '../../src/telemetry/prometheus.ts'
import { tradesRecord } from '../../src/tick/records.ts'
import type { TradeColumns } from '../../src/tick/trades.ts'
import { simulator } from '../../src/venues/simulator.ts'
import { type Bench, measured, type Sample } from '../contract.ts'
import { withDirectory } from '../samples/directory.ts'
import { type Parts, withParts } from '../samples/storing.ts'
import { makeTrades } from '../samples/trades.ts'

const CYCLES = 8
const CYCLE_TRADES = 1_000_000
const TRADES = CYCLES * CYCLE_TRADES
const RECORD_TRADES = 1_000
const RECORDS_PER_APPEND = 16
/** At least as often as the shipped Prometheus configuration. */
const SCRAPE_EVERY_MS = 5_000
/** Events before each announcement: a busy log. */
const LINES_PER_ANNOUNCEMENT = 5
/** Log entries per announcement, as a recorder sends. */
const LINES_ANNOUNCED = 100

function storing(observed: boolean): () => Promise<Sample> {
  return () =>
    withDirectory(directory =>
      withParts(directory, async parts => {
        const instance = open(parts, observed)
        const records = makeTrades(CYCLE_TRADES, RECORD_TRADES)
        const sample = await measured(async () => {
          const stopObserving = observed ? observe(parts, instance) : async () => {}
          await Promise.all([record(parts.log, records), instance.stored])
          await stopObserving()
          return TRADES
        })
        await instance.close()
        const { ticks } = (await parts.store.size()).kinds.trades
        if (ticks !== TRADES) throw new Error(`${ticks} of ${TRADES} trades stored`)
        const [written] = await parts.store.rows<{ rows: string }>(
          'SELECT (SELECT count() FROM metrics) + (SELECT count() FROM events) + (SELECT count() FROM uptime) AS rows',
        )
        return { ...sample, metrics: { 'rows of diagnostics': Number(written!.rows) } }
      }),
    )
}

/** The parts of the ingest process, wired as in `modes/ingest.ts`. */
function open({ log, store }: Parts, observed: boolean) {
  const config = parseConfig({}, {})
  const journal = new Journal('ingest', 'error', 'json')
  const { emit } = journal
  const { promise: stored, resolve } = Promise.withResolvers<void>()
  let count = 0
  const ingest = new Ingest({
    limits: limitsOf(config),
    venues: venuesOf(config),
    log,
    store,
    emit,
  })
  const startedAtMs = Date.now()
  const page = new Page({ log, store, ingest: new LocalIngest(ingest, log), archive: () => null, journal })
  page.follow(ingest)
  const show = ingest.onStored
  ingest.onStored = batch => {
    show(batch)
    count += batch.trades.length
    if (count === TRADES) resolve()
  }
  const observing = new IngestTelemetry({
    self: { version: '', process: 'ingest', instance: instanceName(startedAtMs), startedAtMs },
    store,
    storing: ingest,
    report: page.report,
    refusedRequests: page.refusedRequests,
    archiver: null,
    journal,
    keepDays: config.DIAGNOSTICS_KEEP_DAYS,
    forRecorder: true,
  })
  page.start()
  ingest.start()
  if (observed) observing.writer.start()
  return {
    observing,
    stored: Promise.race([stored, ingest.crashed]),
    close: async () => {
      await ingest.stop()
      await observing.writer.stop()
      await page.close()
    },
  }
}

/** Appends the same trades in each cycle, under different symbols, so that no id repeats. */
async function record(log: OpenLog, batches: readonly TradeColumns[]): Promise<void> {
  const names = batches.map(({ symbols }) => [...symbols.words])
  let records: LogRecord[] = []
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    for (const [index, trades] of batches.entries()) {
      for (const [code, name] of names[index]!.entries()) trades.symbols.words[code] = `${name}${cycle}`
      records.push(tradesRecord(trades))
      if (records.length < RECORDS_PER_APPEND && index < batches.length - 1) continue
      await log.append(0, records)
      records = []
    }
  }
}

/** The remaining load: a recorder's announcements with its log entries, and scrapes of all metrics. */
function observe({ log }: Parts, { observing }: ReturnType<typeof open>): () => Promise<void> {
  const startedAtMs = Date.now()
  const journal = new Journal('record', 'error', 'json')
  const gauge = new ProcessGauge()
  const stop = new AbortController()
  const every = async (everyMs: number, work: () => Promise<unknown>) => {
    while (!stop.signal.aborted) {
      await work()
      await sleep(everyMs, undefined, { signal: stop.signal }).catch(() => {})
    }
  }
  const loops = [
    every(ANNOUNCE_EVERY_MS, () => {
      for (let line = 0; line < LINES_PER_ANNOUNCEMENT; line++)
        journal.emit('connection_opened', { venue: simulator.name, connection: String(line), symbols: 8 })
      const status: RecorderStatus = {
        startedAtMs,
        instance: instanceName(startedAtMs),
        unresolved: [],
        selection: { configured: simulator.name, outcomes: [] },
        sources: simulator.name,
        simulated: null,
        received: 0,
        receivedPerSecond: 0,
        appendMs: null,
        paused: false,
        conflatedQuotes: 0,
        repairs: [],
        handover: null,
        connections: [],
        process: gauge.read(),
        events: journal.counts,
        lines: journal.since(0).slice(-LINES_ANNOUNCED),
      }
      return log.announce(recorderKey(simulator.name), status)
    }),
    every(SCRAPE_EVERY_MS, async () => toPrometheus(await observing.measurements())),
  ]
  return async () => {
    stop.abort()
    await Promise.all(loops)
  }
}

export const diagnostics: Bench = {
  name: 'diagnostics',
  summary: 'recording and storing at full rate with diagnostics on and off; target: at most 3 % slower',
  unit: 'trades',
  rounds: 7,
  contestants: [
    { name: 'diagnostics on', against: 'diagnostics off', run: storing(true) },
    { name: 'diagnostics off', run: storing(false) },
  ],
  notes: [
    `${TRADES.toLocaleString('en-US')} trades, records of ${RECORD_TRADES.toLocaleString('en-US')}, one process`,
    'on: tables metrics, events and uptime, a recorder that logs and announces ten lines a second, a scrape every 5 s; off: none of these',
  ],
}
