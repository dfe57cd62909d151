/**
 * Stations that run alone: `record`, and beside a store on a server `archive`, seen after where `METRICS_LISTEN` says,
 * and `serve`, where its page is.
 */
import type { ArchiveMetrics } from '../../archive/archive.ts'
import { measureArchive } from '../../archive/metrics.ts'
import { SYSTEM_CLOCK } from '../../clock.ts'
import type { Config } from '../../config.ts'
import type { StatusBoard } from '../../log/status-board.ts'
import { measureRecorder } from '../../sources/metrics.ts'
import type { RecorderStatus } from '../../sources/status.ts'
import { evaluateArchive, evaluateLog, evaluateSources } from '../../status/evaluation.ts'
import { followedIn, type HealthAnswer, healthAlone, healthOf, type Self } from '../../status/health.ts'
import type { StatusReport } from '../../status/report.ts'
import { symbolsDown, venueStates } from '../../status/source-faults.ts'
import { TelemetryWriter } from '../../status/telemetry-writer.ts'
import type { Store } from '../../store/store.ts'
import { measureEvents } from '../../telemetry/event-counts.ts'
import type { Emit } from '../../telemetry/events.ts'
import type { Journal } from '../../telemetry/journal.ts'
import type { Measurement } from '../../telemetry/metrics.ts'
import { measureProcess, ProcessGauge } from '../../telemetry/process.ts'
import type { HealthOptions } from './health-routes.ts'
import { serveHealthOnly } from './health-server.ts'
import type { RefusedRequests } from './refused-requests.ts'

/** Lets a recorder be seen. Its figures reach the tables through the log. Null where no address is set. */
export function serveRecorder(config: Config, emit: Emit, self: Self, log: StatusBoard, status: () => RecorderStatus) {
  const health = async (): Promise<HealthAnswer> => {
    const said = [status()]
    return {
      ...healthAlone(self, { sources: evaluateSources(said), log: evaluateLog(said, log.unreachableSinceMs()) }, null),
      following: said.flatMap(({ sources }) => followedIn(sources)),
      symbolsDown: said.flatMap(({ connections }) => symbolsDown(connections)),
      venues: said.flatMap(({ connections }) => venueStates(connections)),
    }
  }
  return serveHealthOnly(config, emit, {
    health,
    measurements: async () => measureRecorder(status()),
    own: ['sources', 'log'],
  })
}

/** Lets an archiver be seen, and writes its figures and events to the store's tables. */
export async function serveArchiver(
  config: Config,
  journal: Journal,
  self: Self,
  store: Store,
  archiver: { metrics: ArchiveMetrics },
): Promise<{ stop(): Promise<void> }> {
  const own = new ProcessTelemetry(config, journal, self, store, () => measureArchive(archiver.metrics))
  const server = await serveHealthOnly(config, journal.emit, {
    health: async () => healthAlone(self, { archive: evaluateArchive(archiver.metrics) }, archiver.metrics.behindMs),
    measurements: () => own.measurements(),
    own: ['archive'],
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
 * What a process that only serves the page tells of itself, and of the house as its page has it; writes its own to the
 * tables.
 */
export function servePageMetrics(
  config: Config,
  journal: Journal,
  self: Self,
  store: Store,
  report: StatusReport,
  refusedRequests: RefusedRequests,
): { forServer: Omit<HealthOptions, 'guard'>; start(): void; stop(): Promise<void> } {
  const own = new ProcessTelemetry(config, journal, self, store, () => refusedRequests.measurements())
  return {
    forServer: { health: () => healthOf(self, report), measurements: () => own.measurements(), own: ['store'] },
    start: () => own.start(),
    stop: () => own.stop(),
  }
}

/** The figures and lines of one process that stands for nothing but itself. */
class ProcessTelemetry {
  readonly #on: boolean
  readonly #self: Self
  readonly #journal: Journal
  readonly #gauge = new ProcessGauge()
  readonly #diagnostics: TelemetryWriter
  readonly #further: () => readonly Measurement[]

  constructor(config: Config, journal: Journal, self: Self, store: Store, further: () => readonly Measurement[]) {
    this.#on = config.DIAGNOSTICS === 'on'
    this.#self = self
    this.#journal = journal
    this.#further = further
    const { process, instance } = self
    this.#diagnostics = new TelemetryWriter({
      store,
      clock: SYSTEM_CLOCK,
      emit: journal.emit,
      instance,
      keepDays: config.DIAGNOSTICS_KEEP_DAYS,
      telemetrySources: () => [{ process, instance, lines: journal.since(0), measure: () => this.measurements() }],
      uptimeSample: async () => null,
    })
  }

  async measurements(): Promise<readonly Measurement[]> {
    return [
      ...this.#further(),
      ...measureProcess(this.#self.process, this.#gauge.read()),
      ...measureEvents(this.#self.process, this.#journal.counts),
      { name: 'diagnostics_left_out_total', labels: {}, value: this.#diagnostics.dropped },
    ]
  }

  start(): void {
    if (this.#on) this.#diagnostics.start()
  }

  stop(): Promise<void> {
    return this.#diagnostics.stop()
  }
}
