/**
 * End-to-end latency: from a trade's time at the exchange to a query that returns it, and to the browser frame that
 * shows it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { simulator } from '../../src/venues/simulator.ts'
import type { Bench, Sample } from '../contract.ts'
import { cpuSecondsOf } from '../processes.ts'
import { withDirectory } from '../samples/directory.ts'
import { followed, quantile, query, SYMBOL, trades } from '../samples/followed.ts'
import { type Instance, startInstance } from '../samples/instance.ts'
import { paintedWithin } from '../samples/painted.ts'

const RATES = [1_000, 20_000, 100_000]
const SHORT_BATCH_MS = 100
const WARM_UP_MS = 3_000
const QUERIED_MS = 6_000
const PAINTED_MS = 6_000
/** Maximum followed trades a second, sampled by id. */
const FOLLOWED_PER_SECOND = 1_000

function running(ratePerSecond: number, settings: Readonly<Record<string, string>> = {}): () => Promise<Sample> {
  const step = Math.ceil(ratePerSecond / FOLLOWED_PER_SECOND)
  return () =>
    withDirectory(async directory => {
      const instance = await startInstance(directory, ratePerSecond, [], settings)
      try {
        await sleep(WARM_UP_MS)
        const before = await snapshot(instance)
        const queried = await query(instance, step, QUERIED_MS)
        const painted = await paint(instance, step)
        const after = await snapshot(instance)
        return {
          count: after.trades - before.trades,
          seconds: (after.atMs - before.atMs) / 1000,
          cpuSeconds: after.cpuSeconds - before.cpuSeconds,
          metrics: {
            'trade to query answer p50, ms': quantile(queried.agesMs, 0.5),
            'trade to query answer p99, ms': quantile(queried.agesMs, 0.99),
            'of it the polling, at most, p50, ms': quantile(queried.pollingMs, 0.5),
            'of it the polling, at most, p99, ms': quantile(queried.pollingMs, 0.99),
            'trade to pixel p50, ms': quantile(painted.agesMs, 0.5),
            'trade to pixel p99, ms': quantile(painted.agesMs, 0.99),
            'newest trade to pixel p50, ms': quantile(painted.newestAgesMs, 0.5),
            'frames with new trades a second': painted.newestAgesMs.length / (PAINTED_MS / 1000),
          },
        }
      } finally {
        await instance.stop()
      }
    })
}

async function snapshot(instance: Instance) {
  const [row] = await instance.rows<{ trades: string }>('SELECT count() AS trades FROM trades')
  return {
    atMs: performance.now(),
    trades: Number(row!.trades),
    cpuSeconds: cpuSecondsOf(instance.pids.recorder) + cpuSecondsOf(instance.pids.storing),
  }
}

/**
 * A trade is on screen with the first frame that shows it or a newer one: where the tape is too fast to show each
 * trade, its count and the candle include it in the same frame.
 */
async function paint(instance: Instance, step: number) {
  const paints = await paintedWithin(instance.url, simulator.name, SYMBOL, PAINTED_MS)
  const [first, last] = [paints[0]!.tradeId, paints.at(-1)!.tradeId]
  const range = `trade_id > ${first} AND trade_id <= ${last}`
  const agesMs: number[] = []
  let at = 0
  for (const { id, micros } of await followed(instance, step, range)) {
    while (paints[at]!.tradeId < Number(id)) at++
    agesMs.push(paints[at]!.atMs - Number(micros) / 1000)
  }
  const newest = new Map(paints.map(({ tradeId, atMs }) => [tradeId, atMs]))
  const shown = await trades(instance, `${range} AND trade_id IN (${[...newest.keys()].join(', ')})`)
  return { agesMs, newestAgesMs: shown.map(({ id, micros }) => newest.get(Number(id))! - Number(micros) / 1000) }
}

const name = (rate: number) => `${rate.toLocaleString('en-US')} trades/s`

export const freshness: Bench = {
  name: 'freshness',
  summary:
    'from a trade at the exchange to a query that returns it, and to the browser frame that shows it, at three rates',
  unit: 'trades',
  rounds: 3,
  contestants: [
    ...RATES.map(rate => ({ name: name(rate), run: running(rate) })),
    {
      name: `${name(20_000)}, batches of ${SHORT_BATCH_MS} ms`,
      against: name(20_000),
      run: running(20_000, { TICKHOUSE_BATCH_AGE_MS_MAX: String(SHORT_BATCH_MS) }),
    },
  ],
  notes: [
    'cpu s/M: recorder and storing process, with the queries and the page; exchange and browser use the same cores',
    'targets at 20,000 trades/s: p50 150 ms, p99 400 ms',
    `followed: trades of ${SYMBOL}, every 1st, 20th or 100th id, about 400 a second`,
  ],
}
