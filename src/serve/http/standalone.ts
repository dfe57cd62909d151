/**
 * The servers of processes without ingest: `record` and `archive` serve health at `TICKHOUSE_METRICS_LISTEN`, `serve`
 * beside its page.
 */
import type { ArchiveMetrics, Cosigning } from '../../archive/archive.ts'
import { measureArchive } from '../../archive/metrics.ts'
import { SYSTEM_CLOCK } from '../../clock.ts'
import type { StatusBoard } from '../../log/status-board.ts'
import { measureRecorder } from '../../sources/metrics.ts'
import type { RecorderStatus } from '../../sources/status.ts'
import { type SymbolState, symbolsByVenue } from '../../sources/subscription/symbol-states.ts'
import { evaluateArchive, evaluateLog, evaluateSources } from '../../status/evaluation.ts'
import { type HealthAnswer, healthAlone, healthOf, type Self } from '../../status/health.ts'
import type { StatusReport } from '../../status/report.ts'
import { symbolCounts, symbolsDown, venueStates } from '../../status/source-faults.ts'
import { type TelemetrySettings, TelemetryWriter } from '../../status/telemetry-writer.ts'
import type { Store } from '../../store/store.ts'
import { measureEvents } from '../../telemetry/event-counts.ts'
import type { Emit } from '../../telemetry/events.ts'
import type { Journal } from '../../telemetry/journal.ts'
import type { Measurement } from '../../telemetry/metrics.ts'
import { measureProcess, ProcessGauge } from '../../telemetry/process.ts'
import type { HealthOptions } from './health-routes.ts'
import { type HealthServerSettings, serveHealthOnly } from './health-server.ts'
import type { RefusedRequests } from './refused-requests.ts'
import type { SourcesAccess } from './sources-routes.ts'

/** Serves the health of a recorder. Its metrics reach the tables through the log. Null without an address. */
export function serveRecorder(
  settings: HealthServerSettings,
  emit: Emit,
  self: Self,
  log: StatusBoard,
  status: () => RecorderStatus,
  symbolStates: () => SymbolState[],
  starting: () => readonly string[],
  sources: SourcesAccess,
) {
  const health = async (): Promise<HealthAnswer> => {
    const recorders = [status()]
    return {
      ...healthAlone(
        self,
        { sources: evaluateSources(recorders), log: evaluateLog(recorders, log.unreachableSinceMs()) },
        null,
      ),
      following: symbolsByVenue(symbolStates()),
      symbols: recorders.flatMap(({ connections }) => symbolCounts(connections)),
      symbolsDown: recorders.flatMap(({ connections }) => symbolsDown(connections)),
      venues: recorders.flatMap(({ connections }) => venueStates(connections)),
    }
  }
  return serveHealthOnly(settings, emit, {
    health,
    measurements: async () => measureRecorder(status()),
    own: ['sources', 'log'],
    starting,
    symbols: symbolStates,
    sources,
  })
}

/** Serves the health of an archiver, and writes its metrics and events to the tables. */
export async function serveArchiver(
  settings: HealthServerSettings,
  telemetry: TelemetrySettings,
  journal: Journal,
  self: Self,
  store: Store,
  archiver: { metrics: ArchiveMetrics; cosigning: Cosigning | null },
): Promise<{ stop(): Promise<void> }> {
  const own = new ProcessTelemetry(telemetry, journal, self, store, () => measureArchive(archiver.metrics))
  const server = await serveHealthOnly(settings, journal.emit, {
    health: async () => healthAlone(self, { archive: evaluateArchive(archiver.metrics) }, archiver.metrics.behindMs),
    measurements: () => own.measurements(),
    own: ['archive'],
    cosigning: archiver.cosigning,
  })
  own.start()
  return {
    stop: async () => {
      await server?.close()
      await own.stop()
    },
  }
}

/**
 * The telemetry of a process that only serves the page: its own in the tables, and the health of the whole pipeline.
 */
export function pageTelemetry(
  settings: TelemetrySettings,
  journal: Journal,
  self: Self,
  store: Store,
  report: StatusReport,
  refusedRequests: RefusedRequests,
): { forServer: Omit<HealthOptions, 'authorize'>; start(): void; stop(): Promise<void> } {
  const own = new ProcessTelemetry(settings, journal, self, store, () => refusedRequests.measurements())
  return {
    forServer: {
      health: () => healthOf(self, report),
      measurements: () => own.measurements(),
      own: ['store'],
      symbols: () => report.symbolStates(),
    },
    start: () => own.start(),
    stop: () => own.stop(),
  }
}

/** The metrics and events of this process only. */
class ProcessTelemetry {
  readonly #on: boolean
  readonly #self: Self
  readonly #journal: Journal
  readonly #gauge = new ProcessGauge()
  readonly #writer: TelemetryWriter
  readonly #others: () => readonly Measurement[]

  constructor(
    settings: TelemetrySettings,
    journal: Journal,
    self: Self,
    store: Store,
    others: () => readonly Measurement[],
  ) {
    this.#on = settings.enabled
    this.#self = self
    this.#journal = journal
    this.#others = others
    const { process, instance } = self
    this.#writer = new TelemetryWriter({
      store,
      clock: SYSTEM_CLOCK,
      emit: journal.emit,
      instance,
      keepDays: settings.keepDays,
      telemetrySources: () => [{ process, instance, lines: journal.since(0), measure: () => this.measurements() }],
      uptimeSample: async () => null,
    })
  }

  async measurements(): Promise<readonly Measurement[]> {
    return [
      ...this.#others(),
      ...measureProcess(this.#self.process, this.#gauge.read()),
      ...measureEvents(this.#self.process, this.#journal.counts),
      { name: 'diagnostics_left_out_total', labels: {}, value: this.#writer.dropped },
    ]
  }

  start(): void {
    if (this.#on) this.#writer.start()
  }

  stop(): Promise<void> {
    return this.#writer.stop()
  }
}
