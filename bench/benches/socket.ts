/** The house as shipped, from a simulated exchange's WebSocket to the tables: three processes on the cores of this machine. */
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench, Sample } from '../contract.ts'
import { cpuSecondsOf, threadSecondsOf } from '../processes.ts'
import { difference, PROFILE_DIRECTORY, writeUsage } from '../profiling.ts'
import { withDirectory } from '../samples/directory.ts'
import { type House, startHouse } from '../samples/house.ts'

const RATES = [20_000, 50_000, 100_000, 150_000]
const WARM_UP_MS = 5_000
const MEASURED_MS = 8_000
const DRAIN_MS_MAX = 60_000

function running(ratePerSecond: number): () => Promise<Sample> {
  return () =>
    withDirectory(async directory => {
      const profiles = process.env[PROFILE_DIRECTORY]
      const flags = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`]
      const house = await startHouse(directory, ratePerSecond, flags)
      try {
        await sleep(WARM_UP_MS)
        const before = await look(house)
        await sleep(MEASURED_MS)
        const after = await look(house)
        await house.stopRecording()
        const missing = await missingTrades(house)
        const known = await missingInGaps(house)
        await house.stop()
        const count = after.trades - before.trades
        if (profiles !== undefined) writeProfiles(profiles, house, before, after, count)
        const cpu = (part: keyof typeof before.cpu) => after.cpu[part] - before.cpu[part]
        return {
          count,
          seconds: (after.atMs - before.atMs) / 1000,
          cpuSeconds: cpu('recorder') + cpu('storing'),
          figures: {
            'recorder, cpu s/M': (cpu('recorder') / count) * 1e6,
            'storing process, cpu s/M': (cpu('storing') / count) * 1e6,
            'exchange beside them, cpu s/M': (cpu('exchange') / count) * 1e6,
            'age of the newest trade stored, ms': after.ageMs,
            'ids without a trade in the end': missing,
            'and of them, not known as gaps': missing - known,
          },
        }
      } finally {
        await house.stop()
      }
    })
}

async function look(house: House) {
  const [row] = await house.rows<{ trades: string; age: string }>(
    'SELECT count() AS trades, toUnixTimestamp64Milli(now64(3)) - toUnixTimestamp64Milli(max(timestamp)) AS age FROM trades',
  )
  const { exchange, recorder, storing } = house.pids
  return {
    atMs: performance.now(),
    trades: Number(row!.trades),
    ageMs: Number(row!.age),
    cpu: { exchange: cpuSecondsOf(exchange), recorder: cpuSecondsOf(recorder), storing: cpuSecondsOf(storing) },
    threads: { recorder: threadSecondsOf(recorder), storing: threadSecondsOf(storing) },
  }
}

type Look = Awaited<ReturnType<typeof look>>

/** Ids of the exchange without a trade, once all of the log is in the tables: it numbers them one by one. */
async function missingTrades(house: House): Promise<number> {
  const endMs = performance.now() + DRAIN_MS_MAX
  let last = -1
  while (performance.now() < endMs) {
    const [row] = await house.rows<{ trades: string; ids: string }>(
      'SELECT sum(n) AS trades, sum(ids) AS ids FROM (SELECT count() AS n, max(trade_id) - min(trade_id) + 1 AS ids FROM trades GROUP BY symbol)',
    )
    const trades = Number(row!.trades)
    if (trades === last) return Number(row!.ids) - trades
    last = trades
    await sleep(1_000)
  }
  throw new Error(`the log was not stored within ${DRAIN_MS_MAX} ms`)
}

/** What the house itself says is missing. */
async function missingInGaps(house: House): Promise<number> {
  const [row] = await house.rows<{ missing: string }>(
    "SELECT sum(missing) AS missing FROM gaps FINAL WHERE state = 'open'",
  )
  return Number(row!.missing)
}

/** Node writes one profile a thread, named with process and thread; thread 0 is the main one. */
function writeProfiles(directory: string, house: House, before: Look, after: Look, count: number): void {
  for (const part of ['recorder', 'storing'] as const) {
    const name = fs.readdirSync(directory).find(file => file.includes(`.${house.pids[part]}.0.`))
    if (name === undefined) throw new Error(`no profile of the ${part} process`)
    const seconds = difference(before.threads[part], after.threads[part])
    writeUsage(directory, { part, count, seconds, profile: path.join(directory, name) })
  }
}

const name = (rate: number) => `${rate.toLocaleString('en-US')} frames/s sent`

export const socket: Bench = {
  name: 'socket',
  summary: 'simulated exchange, WebSocket, decoder, log, tables: the house as shipped, at rising rates',
  unit: 'trades',
  rounds: 5,
  contestants: RATES.map(rate => ({ name: name(rate), run: running(rate) })),
  notes: [
    'cpu s/M: recorder and storing process; the exchange is a third process and takes its share of the same cores',
    'one trade a frame; target 100,000 frames/s',
    'ids without a trade: the exchange cuts a client that leaves 16 MiB unread, and numbers its trades one by one',
  ],
  profiled: [name(100_000)],
}
