/** tickhouse as shipped, from a simulated exchange's WebSocket to the tables: three processes on this machine. */
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench, Sample } from '../contract.ts'
import { cpuSecondsOf, threadSecondsOf } from '../processes.ts'
import { difference, PROFILE_DIRECTORY, writeUsage } from '../profiling.ts'
import { withDirectory } from '../samples/directory.ts'
import { type Instance, startInstance } from '../samples/instance.ts'

const RATES = [20_000, 50_000, 100_000, 150_000]
const WARM_UP_MS = 5_000
const MEASURED_MS = 8_000
const DRAIN_MS_MAX = 60_000

function running(ratePerSecond: number): () => Promise<Sample> {
  return () =>
    withDirectory(async directory => {
      const profiles = process.env[PROFILE_DIRECTORY]
      const flags = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`]
      const instance = await startInstance(directory, ratePerSecond, flags)
      try {
        await sleep(WARM_UP_MS)
        const before = await snapshot(instance)
        await sleep(MEASURED_MS)
        const after = await snapshot(instance)
        await instance.stopRecording()
        const missing = await missingTrades(instance)
        const known = await missingInGaps(instance)
        await instance.stop()
        const count = after.trades - before.trades
        if (profiles !== undefined) writeProfiles(profiles, instance, before, after, count)
        const cpu = (part: keyof typeof before.cpu) => after.cpu[part] - before.cpu[part]
        return {
          count,
          seconds: (after.atMs - before.atMs) / 1000,
          cpuSeconds: cpu('recorder') + cpu('storing'),
          metrics: {
            'recorder, cpu s/M': (cpu('recorder') / count) * 1e6,
            'storing process, cpu s/M': (cpu('storing') / count) * 1e6,
            'exchange beside them, cpu s/M': (cpu('exchange') / count) * 1e6,
            'age of the newest trade stored, ms': after.ageMs,
            'missing ids at the end': missing,
            'of them not in table gaps': missing - known,
          },
        }
      } finally {
        await instance.stop()
      }
    })
}

async function snapshot(instance: Instance) {
  const [row] = await instance.rows<{ trades: string; age: string }>(
    'SELECT count() AS trades, toUnixTimestamp64Milli(now64(3)) - toUnixTimestamp64Milli(max(timestamp)) AS age FROM trades',
  )
  const { exchange, recorder, storing } = instance.pids
  return {
    atMs: performance.now(),
    trades: Number(row!.trades),
    ageMs: Number(row!.age),
    cpu: { exchange: cpuSecondsOf(exchange), recorder: cpuSecondsOf(recorder), storing: cpuSecondsOf(storing) },
    threads: { recorder: threadSecondsOf(recorder), storing: threadSecondsOf(storing) },
  }
}

type Snapshot = Awaited<ReturnType<typeof snapshot>>

/** Ids of the exchange without a stored trade, once all of the log is stored: its ids are consecutive. */
async function missingTrades(instance: Instance): Promise<number> {
  const endMs = performance.now() + DRAIN_MS_MAX
  let last = -1
  while (performance.now() < endMs) {
    const [row] = await instance.rows<{ trades: string; ids: string }>(
      'SELECT sum(n) AS trades, sum(ids) AS ids FROM (SELECT count() AS n, max(trade_id) - min(trade_id) + 1 AS ids FROM trades GROUP BY symbol)',
    )
    const trades = Number(row!.trades)
    if (trades === last) return Number(row!.ids) - trades
    last = trades
    await sleep(1_000)
  }
  throw new Error(`the log was not stored within ${DRAIN_MS_MAX} ms`)
}

/** Missing ids according to table `gaps`. */
async function missingInGaps(instance: Instance): Promise<number> {
  const [row] = await instance.rows<{ missing: string }>(
    "SELECT sum(missing) AS missing FROM gaps FINAL WHERE state = 'open'",
  )
  return Number(row!.missing)
}

/** Node writes one profile per thread, named by process and thread; thread 0 is the main thread. */
function writeProfiles(directory: string, instance: Instance, before: Snapshot, after: Snapshot, count: number): void {
  for (const part of ['recorder', 'storing'] as const) {
    const name = fs.readdirSync(directory).find(file => file.includes(`.${instance.pids[part]}.0.`))
    if (name === undefined) throw new Error(`no profile of the ${part} process`)
    const seconds = difference(before.threads[part], after.threads[part])
    writeUsage(directory, { part, count, seconds, profile: path.join(directory, name) })
  }
}

const name = (rate: number) => `${rate.toLocaleString('en-US')} frames/s sent`

export const socket: Bench = {
  name: 'socket',
  summary: 'simulated exchange, WebSocket, decoder, log, tables: tickhouse as shipped, at rising rates',
  unit: 'trades',
  rounds: 5,
  contestants: RATES.map(rate => ({ name: name(rate), run: running(rate) })),
  notes: [
    'cpu s/M: recorder and storing process; the exchange is a third process on the same cores',
    'one trade per frame; target 100,000 frames/s',
    'missing ids: the exchange disconnects a client with 16 MiB unread; its ids are consecutive',
  ],
  profiled: [name(100_000)],
}
