/** The cost of knowing what is missing: recording and storing at a high rate, with witnesses and repair, and without. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench, Sample } from '../contract.ts'
import { cpuSecondsOf } from '../processes.ts'
import { withDirectory } from '../samples/directory.ts'
import { startInstance } from '../samples/instance.ts'
import { settled } from '../samples/settled.ts'

/** What an exchange in a process of its own makes, and one core can record beside it. */
const RATE_PER_SECOND = 40_000
const WARM_UP_MS = 10_000
const MEASURED_MS = 30_000
/** Without a new row for this long, everything sent is stored. */
const SETTLED_AFTER_MS = 1_000

const OFF = { TICKHOUSE_WITNESS: 'off', TICKHOUSE_REPAIR_REACH: '0' }

const recording = (settings: Readonly<Record<string, string>>) => () =>
  withDirectory(async (directory): Promise<Sample> => {
    const instance = await startInstance(directory, RATE_PER_SECOND, [], settings)
    const { recorder, storing } = instance.pids
    const cpuSeconds = () => cpuSecondsOf(recorder) + cpuSecondsOf(storing)
    const stored = async () => {
      const [row] = await instance.rows<{ trades: string }>('SELECT count() AS trades FROM trades')
      return Number(row!.trades)
    }
    /** Pauses the exchange, and waits until everything that it has made is stored. */
    const paused = async () => {
      const { trades } = await instance.setRate(0)
      await settled(stored, SETTLED_AFTER_MS)
      return { made: trades, rows: await stored() }
    }
    try {
      await sleep(WARM_UP_MS)
      const before = await paused()
      const usedBefore = cpuSeconds()
      await instance.setRate(RATE_PER_SECOND)
      const startedMs = performance.now()
      await sleep(MEASURED_MS)
      const after = await paused()
      const seconds = (performance.now() - startedMs - SETTLED_AFTER_MS) / 1000
      const count = after.rows - before.rows
      return {
        count,
        seconds,
        cpuSeconds: cpuSeconds() - usedBefore,
        metrics: { 'trades missing': after.made - before.made - count },
      }
    } finally {
      await instance.stop()
    }
  })

export const completeness: Bench = {
  name: 'completeness',
  summary: 'recording and storing with witnesses and repair on and off; target: at most 5 % more CPU',
  unit: 'trades',
  rounds: 5,
  contestants: [
    { name: 'witnesses and repair on', against: 'witnesses and repair off', run: recording({}) },
    { name: 'witnesses and repair off', run: recording(OFF) },
  ],
  notes: [
    `the exchange makes ${RATE_PER_SECOND.toLocaleString('en-US')} trades/s for ${MEASURED_MS / 1000} s; CPU of recorder and storing process until all are stored`,
    'ids are followed, gaps are found and hours are summarised in both: that cannot be turned off. Sealing: see `archive`',
  ],
}
