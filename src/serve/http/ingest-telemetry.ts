/** The telemetry of an ingest process and of its recorders: for `/health`, `/metrics` and the tables. */
import type { ArchiveMetrics } from '../../archive/archive.ts'
import { measureArchive } from '../../archive/metrics.ts'
import { SYSTEM_CLOCK } from '../../clock.ts'
import type { Ingest } from '../../ingest/ingest.ts'
import { measureRecorder } from '../../sources/metrics.ts'
import { type HealthAnswer, healthOf, type Self } from '../../status/health.ts'
import { measureStages, toUptimeSample } from '../../status/metrics.ts'
import type { StatusReport } from '../../status/report.ts'
import { type TelemetrySource, TelemetryWriter } from '../../status/telemetry-writer.ts'
import type { Store } from '../../store/store.ts'
import { measureEvents } from '../../telemetry/event-counts.ts'
import type { Journal } from '../../telemetry/journal.ts'
import type { Measurement } from '../../telemetry/metrics.ts'
import { measureProcess, ProcessGauge } from '../../telemetry/process.ts'
import type { HealthOptions } from './health-routes.ts'
import type { RefusedRequests } from './refused-requests.ts'

const STARTING_MS = 5_000

export interface IngestTelemetryOptions {
  self: Self
  store: Store
  storing: Ingest
  report: StatusReport
  refusedRequests: RefusedRequests
  /** Null where this process does not archive. */
  archiver: { metrics: ArchiveMetrics } | null
  journal: Journal
  /** Days that rows of the telemetry tables are kept. */
  keepDays: number
  /** Whether `/metrics` includes the recorder, which runs beside this process and serves none itself. */
  forRecorder: boolean
}

export class IngestTelemetry {
  readonly writer: TelemetryWriter
  readonly #startedMs = performance.now()
  readonly #options: IngestTelemetryOptions
  readonly #gauge = new ProcessGauge()

  constructor(options: IngestTelemetryOptions) {
    this.#options = options
    const { self, store, report, journal, keepDays } = options
    this.writer = new TelemetryWriter({
      store,
      clock: SYSTEM_CLOCK,
      emit: journal.emit,
      instance: self.instance,
      keepDays,
      telemetrySources: () => this.#telemetrySources(),
      uptimeSample: async () =>
        this.#reportsForAll && !this.#isStarting ? toUptimeSample(await report.report()) : null,
    })
  }

  async health(): Promise<HealthAnswer> {
    const { self, report } = this.#options
    return healthOf(self, report)
  }

  /** The health and metrics of this process, for its server. */
  get forServer(): Omit<HealthOptions, 'authorize'> {
    return {
      health: () => this.health(),
      measurements: () => this.measurements(),
      own: ['ingest', 'store'],
      symbols: () => this.#options.report.symbolStates(),
    }
  }

  /** The measurements of a scrape. */
  async measurements(): Promise<Measurement[]> {
    const own = await this.#own()
    const recorders = this.#options.forRecorder ? this.#options.report.recorders() : []
    return [...own, ...recorders.flatMap(({ status }) => measureRecorder(status))]
  }

  /** A recorder started together with this process has not reported yet: that is not downtime. */
  get #isStarting(): boolean {
    return performance.now() - this.#startedMs < STARTING_MS
  }

  /** Of several processes that store one log, one writes the recorders' telemetry and the uptime. */
  get #reportsForAll(): boolean {
    return this.#options.storing.partitions.some(({ partition }) => partition === 0)
  }

  #telemetrySources(): TelemetrySource[] {
    const { self, journal, report } = this.#options
    const own: TelemetrySource = {
      process: self.process,
      instance: self.instance,
      lines: journal.since(0),
      measure: () => this.#own(),
    }
    if (!this.#reportsForAll) return [own]
    const recorders = report.recorders().map(({ status }) => ({
      process: 'record',
      instance: status.instance,
      lines: status.lines,
      measure: async () => measureRecorder(status),
    }))
    return [own, ...recorders]
  }

  async #own(): Promise<Measurement[]> {
    const { self, report, storing, archiver, journal, refusedRequests } = this.#options
    return [
      ...refusedRequests.measurements(),
      ...measureStages(await report.report(), storing.audits),
      ...(archiver ? measureArchive(archiver.metrics) : []),
      ...measureProcess(self.process, this.#gauge.read()),
      ...measureEvents(self.process, journal.counts),
      { name: 'diagnostics_left_out_total', labels: {}, value: this.writer.dropped },
    ]
  }
}
