/** How fresh the house is: from a trade's time at the exchange to a query that returns it, and to the browser's frame that shows it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { simulator } from '../../src/venues/simulator.ts'
import type { Bench, Sample } from '../contract.ts'
import { cpuSecondsOf } from '../processes.ts'
import { withDirectory } from '../samples/directory.ts'
import { type House, startHouse } from '../samples/house.ts'
import { paintedWithin } from '../samples/painted.ts'

const RATES = [1_000, 20_000, 100_000]
const SHORT_BATCH_MS = 100
const WARM_UP_MS = 3_000
const QUERIED_MS = 6_000
const PAINTED_MS = 6_000
/** Between an answer and the next question: the polling must leave the machine to the house. */
const PAUSE_MS = 10
/** The busiest symbol: something over a third of all trades. */
const SYMBOL = simulator.defaultSymbols[0]!
/** Trades a second that are followed, at most: one of so many, by id. */
const FOLLOWED_PER_SECOND = 1_000

interface Trade {
  id: string
  micros: string
}

function running(ratePerSecond: number, settings: Readonly<Record<string, string>> = {}): () => Promise<Sample> {
  const step = Math.ceil(ratePerSecond / FOLLOWED_PER_SECOND)
  return () =>
    withDirectory(async directory => {
      const house = await startHouse(directory, ratePerSecond, [], settings)
      try {
        await sleep(WARM_UP_MS)
        const before = await look(house)
        const queried = await query(house, step)
        const painted = await paint(house, step)
        const after = await look(house)
        return {
          count: after.trades - before.trades,
          seconds: (after.atMs - before.atMs) / 1000,
          cpuSeconds: after.cpuSeconds - before.cpuSeconds,
          figures: {
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
        await house.stop()
      }
    })
}

async function look(house: House) {
  const [row] = await house.rows<{ trades: string }>('SELECT count() AS trades FROM trades')
  return {
    atMs: performance.now(),
    trades: Number(row!.trades),
    cpuSeconds: cpuSecondsOf(house.pids.recorder) + cpuSecondsOf(house.pids.storing),
  }
}

/**
 * Asks again and again for the trades that no answer had yet. A trade's age is taken when the answer is here; it was not there yet at
 * some moment after the question before was sent, so it became queryable at most `pollingMs` earlier than the age says.
 */
async function query(house: House, step: number) {
  const agesMs: number[] = []
  const pollingMs: number[] = []
  let last = await newestTrade(house)
  let askedBeforeMs = Date.now()
  const endMs = performance.now() + QUERIED_MS
  while (performance.now() < endMs) {
    const askedMs = Date.now()
    // The times let the table's order be used: a later trade of a symbol is never earlier by the exchange's clock.
    const trades = await followed(
      house,
      step,
      `trade_id > ${last.id} AND timestamp >= fromUnixTimestamp64Micro(${last.micros})`,
    )
    const answeredMs = Date.now()
    for (const { micros } of trades) {
      agesMs.push(answeredMs - Number(micros) / 1000)
      pollingMs.push(answeredMs - askedBeforeMs)
    }
    last = trades.at(-1) ?? last
    askedBeforeMs = askedMs
    await sleep(PAUSE_MS)
  }
  return { agesMs, pollingMs }
}

/**
 * A trade is on the screen with the first frame that shows it or a newer one: a tape too fast to show each has it in its count and in
 * the candle, which are drawn with it.
 */
async function paint(house: House, step: number) {
  const paints = await paintedWithin(house.url, simulator.name, SYMBOL, PAINTED_MS)
  const [first, last] = [paints[0]!.tradeId, paints.at(-1)!.tradeId]
  const range = `trade_id > ${first} AND trade_id <= ${last}`
  const agesMs: number[] = []
  let at = 0
  for (const { id, micros } of await followed(house, step, range)) {
    while (paints[at]!.tradeId < Number(id)) at++
    agesMs.push(paints[at]!.atMs - Number(micros) / 1000)
  }
  const newest = new Map(paints.map(({ tradeId, atMs }) => [tradeId, atMs]))
  const shown = await trades(house, `${range} AND trade_id IN (${[...newest.keys()].join(', ')})`)
  return { agesMs, newestAgesMs: shown.map(({ id, micros }) => newest.get(Number(id))! - Number(micros) / 1000) }
}

async function newestTrade(house: House): Promise<Trade> {
  const [newest] = await house.rows<Trade>(
    `SELECT max(trade_id) AS id, toUnixTimestamp64Micro(max(timestamp)) AS micros FROM trades WHERE symbol = '${SYMBOL}'`,
  )
  return newest!
}

const followed = (house: House, step: number, where: string) => trades(house, `${where} AND trade_id % ${step} = 0`)

function trades(house: House, where: string): Promise<Trade[]> {
  return house.rows<Trade>(
    `SELECT trade_id AS id, toUnixTimestamp64Micro(timestamp) AS micros FROM trades
     WHERE symbol = '${SYMBOL}' AND venue = '${simulator.name}' AND ${where} ORDER BY trade_id`,
  )
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)]!
}

const name = (rate: number) => `${rate.toLocaleString('en-US')} trades/s`

export const freshness: Bench = {
  name: 'freshness',
  summary:
    'from a trade at the exchange to a query that returns it, and to the browser’s frame that shows it, at three rates',
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
    'cpu s/M: recorder and storing process, with the queries and the page; exchange and browser take their share of the same cores',
    'targets at 20,000 trades/s: p50 150 ms, p99 400 ms',
    `followed: trades of ${SYMBOL}, one of 1, 20 or 100, by id, so that some 400 a second remain`,
  ],
}
