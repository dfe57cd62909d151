/** CPU, memory and event-loop delay of this process. */
import os from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type Measurement, quantilesOf } from './metrics.ts'

export interface ProcessMetrics {
  cpuSeconds: number
  memoryBytes: number
  /** The container's limit, else the machine's memory. */
  memoryLimitBytes: number
  /** How late timers fired in the last whole window, ms; null before the end of the first. */
  eventLoopDelayMs: { p50: number; p99: number; max: number } | null
}

/** Without a limit the kernel reports an absurd number or none. */
const MEMORY_LIMIT_BYTES = Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, os.totalmem())

/** Its timer wakes an idle process each time; a window has 200 samples. */
const RESOLUTION_MS = 25
const NANOS_PER_MS = 1e6
/** Delays are measured over fixed windows, since several callers read them. */
const WINDOW_MS = 5_000

/** Measures from its construction on. */
export class ProcessGauge {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  #last: ProcessMetrics['eventLoopDelayMs'] = null
  #sinceMs = performance.now()

  constructor() {
    this.#delay.enable()
  }

  read(): ProcessMetrics {
    if (performance.now() >= this.#sinceMs + WINDOW_MS) this.#closeWindow()
    const { user, system } = process.cpuUsage()
    return {
      cpuSeconds: (user + system) / 1e6,
      memoryBytes: process.memoryUsage.rss(),
      memoryLimitBytes: MEMORY_LIMIT_BYTES,
      eventLoopDelayMs: this.#last,
    }
  }

  #closeWindow(): void {
    const delay = this.#delay
    // The histogram counts the whole wait of its own timer: the part beyond the resolution is delay.
    const late = (nanos: number) => Math.max(0, nanos / NANOS_PER_MS - RESOLUTION_MS)
    this.#last =
      delay.count === 0
        ? null
        : { p50: late(delay.percentile(50)), p99: late(delay.percentile(99)), max: late(delay.max) }
    delay.reset()
    this.#sinceMs = performance.now()
  }
}

/** The metrics of a process as measurements. `process` is its name: `record`, `ingest`, … */
export function measureProcess(process: string, metrics: ProcessMetrics): Measurement[] {
  return [
    { name: 'process_cpu_seconds_total', labels: { process }, value: metrics.cpuSeconds },
    { name: 'process_memory_bytes', labels: { process }, value: metrics.memoryBytes },
    { name: 'process_memory_used_ratio', labels: { process }, value: metrics.memoryBytes / metrics.memoryLimitBytes },
    ...quantilesOf('process_event_loop_delay_seconds', { process }, metrics.eventLoopDelayMs),
  ]
}
