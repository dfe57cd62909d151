/**
 * Trades alone, and trades with four quotes each, at the same rate for minutes: what is missing, how old trades are when
 * a query returns them, and whether memory is flat.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Bench, type Sample, spread } from '../contract.ts'
import { cpuSecondsOf, residentBytesOf } from '../processes.ts'
import { withDirectory } from '../samples/directory.ts'
import { quantile, query } from '../samples/followed.ts'
import { sourcesOf, startInstance } from '../samples/instance.ts'
import { settled } from '../samples/settled.ts'

const RATE_PER_SECOND = 20_000
/** Every 20th id of the busiest symbol: about 400 trades a second. */
const STEP = 20
const WARM_UP_MS = 10_000
/** Trades are followed for part of the time: polling costs CPU that belongs to the load. */
const FOLLOWED_MS = 6_000
const FOLLOWED_EVERY_MS = 15_000
/** Without a new row for this long, everything sent is stored. */
const SETTLED_AFTER_MS = 3_000
const COUNTS = { trades: 'trades', quotes: 'quotes', gaps: 'gaps', refused: 'quarantine' }

const minutes = () => Number(process.env.BENCH_MINUTES ?? 1)

const running = (kinds: readonly string[]) => () =>
  withDirectory(async (directory): Promise<Sample> => {
    const instance = await startInstance(directory, RATE_PER_SECOND, [], { TICKHOUSE_SOURCES: sourcesOf(kinds) })
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
      await instance.setRate(RATE_PER_SECOND)
      const startedMs = performance.now()
      const usedBefore = cpuSeconds()
      const agesMs: number[] = []
      const memory: number[] = []
      while (performance.now() - startedMs < minutes() * 60_000) {
        agesMs.push(...(await query(instance, STEP, FOLLOWED_MS)).agesMs)
        memory.push(Math.round((residentBytesOf(recorder) + residentBytesOf(storing)) / 1e6))
        const seconds = Math.round((performance.now() - startedMs) / 1000)
        console.error(`${seconds} s, ${memory.at(-1)} MB, p99 ${Math.round(quantile(agesMs, 0.99))} ms`)
        await sleep(FOLLOWED_EVERY_MS - FOLLOWED_MS)
      }
      const seconds = (performance.now() - startedMs) / 1000
      const used = cpuSeconds() - usedBefore
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
        },
      }
    } finally {
      await instance.stop()
    }
  })

export const load: Bench = {
  name: 'load',
  summary:
    'trades alone and with four quotes each, for minutes: missing ticks, freshness, memory; --minutes 10 for the long run',
  unit: 'trades',
  rounds: 1,
  contestants: [
    { name: 'trades', run: running(['trades']) },
    { name: 'trades and quotes', against: 'trades', run: running(['trades', 'quotes']) },
  ],
  get notes() {
    return [`${minutes()} minutes each, ${RATE_PER_SECOND.toLocaleString('en-US')} trades/s`]
  },
}
