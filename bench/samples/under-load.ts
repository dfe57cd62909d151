/** A simulated market at a constant rate for minutes: what is missing, how old trades are when a query returns them, CPU and memory. */
import { setTimeout as sleep } from 'node:timers/promises'
import { simulator } from '../../src/venues/simulator.ts'
import { type Sample, spread } from '../contract.ts'
import { minutes } from '../minutes.ts'
import { cpuSecondsOf, residentBytesOf } from '../processes.ts'
import { withDirectory } from './directory.ts'
import { quantile, query } from './followed.ts'
import { type Instance, sourcesOf, startInstance } from './instance.ts'
import { settled } from './settled.ts'

const WARM_UP_MS = 10_000
/** Trades are followed for part of the time: polling costs CPU that belongs to the load. */
const FOLLOWED_MS = 6_000
const FOLLOWED_EVERY_MS = 15_000
/** Without a new row for this long, everything sent is stored. */
const SETTLED_AFTER_MS = 3_000
const COUNTS = { trades: 'trades', quotes: 'quotes', gaps: 'gaps', refused: 'quarantine' }

/** What runs beside tickhouse. */
export interface Beside {
  /** Its own metrics, so far. */
  metrics(): Promise<Record<string, number>>
  stop(): Promise<void>
}

export interface LoadOptions {
  kinds: readonly string[]
  ratePerSecond: number
  /** Every so many-th trade of the busiest symbol is followed. */
  step: number
  symbols?: readonly string[]
  /** Started with tickhouse, before the warm-up. */
  beside?: (instance: Instance, directory: string) => Promise<Beside>
}

export const underLoad = ({ kinds, ratePerSecond, step, symbols = simulator.defaultSymbols, beside }: LoadOptions) =>
  withDirectory(async (directory): Promise<Sample> => {
    const settings = { TICKHOUSE_SOURCES: sourcesOf(kinds, symbols) }
    const instance = await startInstance(directory, ratePerSecond, [], settings, symbols)
    const other = await beside?.(instance, directory)
    const { recorder, storing } = instance.pids
    const cpuSeconds = () => cpuSecondsOf(recorder) + cpuSecondsOf(storing)
    const stored = async () => {
      const [row] = await instance.rows<Record<keyof typeof COUNTS, string>>(
        `SELECT ${Object.entries(COUNTS)
          .map(([name, table]) => `(SELECT count() FROM ${table}) AS ${name}`)
          .join(', ')}`,
      )
      return {
        trades: Number(row!.trades),
        quotes: Number(row!.quotes),
        gaps: Number(row!.gaps),
        refused: Number(row!.refused),
      }
    }
    /** Pauses the exchange: what it has made, and what is stored once nothing more arrives. */
    const paused = async () => {
      await instance.setRate(0)
      await settled(async () => {
        const { trades, quotes } = await stored()
        return trades + quotes
      }, SETTLED_AFTER_MS)
      // Asked again: quotes of the last step are made after the pause.
      return { made: await instance.setRate(0), rows: await stored() }
    }
    try {
      await sleep(WARM_UP_MS)
      const before = await paused()
      await instance.setRate(ratePerSecond)
      const startedMs = performance.now()
      const usedBefore = cpuSeconds()
      const agesMs: number[] = []
      const memory: number[] = []
      while (performance.now() - startedMs < minutes() * 60_000) {
        agesMs.push(...(await query(instance, step, FOLLOWED_MS)).agesMs)
        memory.push(Math.round((residentBytesOf(recorder) + residentBytesOf(storing)) / 1e6))
        const seconds = Math.round((performance.now() - startedMs) / 1000)
        console.error(`${seconds} s, ${memory.at(-1)} MB, p99 ${Math.round(quantile(agesMs, 0.99))} ms`)
        await sleep(FOLLOWED_EVERY_MS - FOLLOWED_MS)
      }
      const seconds = (performance.now() - startedMs) / 1000
      const used = cpuSeconds() - usedBefore
      const besides = await other?.metrics()
      const after = await paused()
      const made = (kind: 'trades' | 'quotes') => after.made[kind] - before.made[kind]
      const missing = (kind: 'trades' | 'quotes') => made(kind) - (after.rows[kind] - before.rows[kind])
      const third = Math.floor(memory.length / 3)
      const middle = (from: number, to?: number) => spread(memory.slice(from, to)).median
      return {
        count: made('trades'),
        seconds,
        cpuSeconds: used,
        metrics: {
          'trades due, not made': after.made.tradesSkipped - before.made.tradesSkipped,
          'trades missing': missing('trades'),
          ...(kinds.includes('quotes') && {
            'quotes a second': made('quotes') / seconds,
            'quotes missing': missing('quotes'),
          }),
          'rows in gaps': after.rows.gaps,
          'rows in quarantine': after.rows.refused,
          'trade to query answer p50, ms': quantile(agesMs, 0.5),
          'trade to query answer p99, ms': quantile(agesMs, 0.99),
          'memory at most, MB': Math.max(...memory),
          'memory, growth over the last third, %': (middle(2 * third) / middle(third, 2 * third) - 1) * 100,
          ...besides,
        },
      }
    } finally {
      await other?.stop()
      await instance.stop()
    }
  })
