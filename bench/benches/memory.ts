/** Resident memory at a high rate over time: flat or not. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Bench, type Sample, spread } from '../contract.ts'
import { minutes } from '../minutes.ts'
import { cpuSecondsOf, residentBytesOf } from '../processes.ts'
import { withDirectory } from '../samples/directory.ts'
import { startInstance } from '../samples/instance.ts'

const RATE_PER_SECOND = Number(process.env.BENCH_RATE ?? 100_000)
const SAMPLE_EVERY_MS = 5_000
/** Memory is flat if the median of the last third is at most this share above that of the second third. */
const FLAT_GROWTH_MAX = 0.05

async function run(): Promise<Sample> {
  return withDirectory(async directory => {
    const instance = await startInstance(directory, RATE_PER_SECOND)
    const { recorder, storing } = instance.pids
    try {
      const startedMs = performance.now()
      const samples: { recorder: number; storing: number; trades: number }[] = []
      while (performance.now() - startedMs < minutes() * 60_000) {
        await sleep(SAMPLE_EVERY_MS)
        const [row] = await instance.rows<{ trades: string }>('SELECT count() AS trades FROM trades')
        const sample = { recorder: mb(recorder), storing: mb(storing), trades: Number(row!.trades) }
        samples.push(sample)
        const seconds = Math.round((performance.now() - startedMs) / 1000)
        console.error(
          `${String(seconds).padStart(5)} s  recorder ${sample.recorder} MB  storing ${sample.storing} MB  ${sample.trades} trades stored`,
        )
      }
      const [merging] = await instance.rows<{ rewritten: number }>(
        "SELECT sumIf(value, event = 'MergedRows') / sumIf(value, event = 'InsertedRows') AS rewritten FROM system.events",
      )
      const third = Math.floor(samples.length / 3)
      const middle = (part: 'recorder' | 'storing', from: number, to: number) =>
        spread(samples.slice(from, to).map(sample => sample[part])).median
      const growth = (part: 'recorder' | 'storing') =>
        middle(part, 2 * third, samples.length) / middle(part, third, 2 * third) - 1
      return {
        count: samples.at(-1)!.trades,
        seconds: (performance.now() - startedMs) / 1000,
        cpuSeconds: cpuSecondsOf(recorder) + cpuSecondsOf(storing),
        metrics: {
          'recorder at most, MB': Math.max(...samples.map(sample => sample.recorder)),
          'storing process at most, MB': Math.max(...samples.map(sample => sample.storing)),
          'merged rows for each row inserted': Number(merging!.rewritten),
          'both at most, MB': Math.max(...samples.map(sample => sample.recorder + sample.storing)),
          'recorder, growth over the last third, %': growth('recorder') * 100,
          'storing process, growth over the last third, %': growth('storing') * 100,
          [`flat (1) or not (0), ${FLAT_GROWTH_MAX * 100} % allowed`]: Number(
            growth('recorder') <= FLAT_GROWTH_MAX && growth('storing') <= FLAT_GROWTH_MAX,
          ),
        },
      }
    } finally {
      await instance.stop()
    }
  })
}

const mb = (pid: number) => Math.round(residentBytesOf(pid) / 1e6)

export const memory: Bench = {
  name: 'memory',
  summary: 'resident memory of recorder and storing process at full rate over time; --minutes 30 for the long run',
  unit: 'trades',
  rounds: 1,
  contestants: [{ name: `${RATE_PER_SECOND.toLocaleString('en-US')} frames/s sent`, run }],
  get notes() {
    return [`${minutes()} minutes; target: both under 800 MB, flat`]
  },
}
