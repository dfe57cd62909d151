/**
 * What a benchmark is: contestants that do comparable work, each round of each in a process of its own, so that no contestant
 * inherits another's memory, caches or half-done merges. The rounds of all contestants are interleaved: what else the machine
 * does meanwhile hits them alike, so ratios say more than speeds.
 */

import { profileThis } from './profiling.ts'

/** What one round measured. */
export interface Sample {
  /** Trades, frames or statements, as the bench's `unit` says. */
  count: number
  seconds: number
  /** Of all threads, and of all processes where there are several. */
  cpuSeconds: number
  /** Anything else worth a column: the name carries the unit. */
  figures?: Record<string, number>
}

export interface Contestant {
  name: string
  /** The contestant this one is measured against: its limit or its peer's. */
  against?: string
  /** Prepares, works and measures only the work. */
  run(): Promise<Sample>
}

export interface Bench {
  name: string
  /** One line for the list. */
  summary: string
  unit: 'trades' | 'frames' | 'statements'
  rounds: number
  contestants: readonly Contestant[]
  /** Remarks for the report, such as what its data is. */
  notes?: readonly string[]
  /** Contestants of which one more round is run under the CPU profiler, to tell where the time goes. */
  profiled?: readonly string[]
}

/** The least and greatest, and the one in the middle. */
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

/** Measures a piece of work in this process: all its threads count. `work` returns how many ticks or frames it did. */
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
