/**
 * A benchmark: contestants that do comparable work. Each round runs in its own process, so that no contestant inherits
 * another's memory, caches or unfinished merges. Rounds of all contestants are interleaved: other load on the machine
 * hits them alike, so ratios are more reliable than speeds.
 */

import { profileThis } from './profiling.ts'

/** The result of one round. */
export interface Sample {
  /** In the bench's `unit`. */
  count: number
  seconds: number
  /** Of all threads, and of all processes if there are several. */
  cpuSeconds: number
  /** Further metrics; each name contains its unit. */
  metrics?: Record<string, number>
}

export interface Contestant {
  name: string
  /** The contestant to compare with: a limit or a peer. */
  against?: string
  /** Prepares, then measures only the work. */
  run(): Promise<Sample>
}

export interface Bench {
  name: string
  /** One line for the list. */
  summary: string
  unit: 'trades' | 'ticks' | 'frames' | 'statements'
  rounds: number
  contestants: readonly Contestant[]
  /** Remarks for the report, for example on the data. */
  notes?: readonly string[]
  /** Contestants that run one more round under the CPU profiler. */
  profiled?: readonly string[]
}

/** Minimum, median and maximum. */
export interface Spread {
  min: number
  median: number
  max: number
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const median = sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  return { min: sorted[0]!, median, max: sorted.at(-1)! }
}

/** Measures work in this process, all threads. `work` returns its number of trades or frames. */
export async function measured(work: () => Promise<number> | number): Promise<Sample> {
  const profile = await profileThis()
  const before = process.cpuUsage()
  const startedMs = performance.now()
  const count = await work()
  const seconds = (performance.now() - startedMs) / 1000
  const { user, system } = process.cpuUsage(before)
  await profile?.end(count)
  return { count, seconds, cpuSeconds: (user + system) / 1e6 }
}
