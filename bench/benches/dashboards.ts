/** Each statement of the Grafana dashboards, over HTTP, on ten million ticks of a day. */
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DASHBOARDS } from '../../dashboards/index.ts'
import { parseConfig } from '../../src/config.ts'
import { serveStore } from '../../src/modes/serve-store.ts'
import { Journal } from '../../src/telemetry/journal.ts'
import { simulator } from '../../src/venues/simulator.ts'
import { type Statement, statementsOf } from '../../test/support/judges/dashboard-statements.ts'
import { expand, type Range, type Variables } from '../../test/support/judges/grafana.ts'
import { type Bench, type Sample, spread } from '../contract.ts'
import { DAY_TRADES, fillDay } from '../samples/day.ts'
import { withDirectory } from '../samples/directory.ts'
import { withParts } from '../samples/storing.ts'

const RUNS = 7
const HOUR_MS = 3_600_000
/** Points of a panel, which determine Grafana's step; some panels have fewer. */
const POINTS = 1_000
const STEP_MS_LEAST = 10_000

/** All values of each variable, and the busiest symbol: more than a third of all ticks. */
const CHOSEN: Variables = {
  venue: simulator.name,
  symbol: simulator.defaultSymbols[0]!,
  process: '$__all',
  station: '$__all',
  level: '$__all',
  text: '',
  portfolio: '',
  run: '',
  strategy: '$__all',
}

async function over(hours: number): Promise<Sample> {
  return withDirectory(async directory => {
    await withParts(directory, async parts => {
      await fillDay(parts)
      while ((await parts.store.size()).merges > 0) await sleep(100)
    })
    const config = { ...parseConfig({}, {}), STORE: `chdb:${path.join(directory, 'store')}`, LISTEN: '127.0.0.1:0' }
    const serving = await serveStore(config, new Journal('bench', 'error', 'text'), false)
    const toMs = Date.now()
    const metrics: Record<string, number> = {}
    let statements = 0
    const startedMs = performance.now()
    const cpuBefore = process.cpuUsage()
    for (const [file, make] of Object.entries(DASHBOARDS)) {
      for (const statement of statementsOf(make())) {
        const range = { fromMs: toMs - hours * HOUR_MS, toMs, intervalMs: stepMs(hours, statement.points) }
        const timings = await timeStatement(serving.url, statement, range)
        const { median, max } = spread(timings.map(({ wallMs }) => wallMs))
        statements += RUNS
        const name = `${path.basename(file, '.json')}, ${statement.name} (${statement.form})`
        metrics[`${name}: p50, ms`] = median
        metrics[`${name}: max, ms`] = max
        metrics[`${name}: cpu, ms`] = spread(timings.map(({ cpuMs }) => cpuMs)).median
      }
    }
    const { user, system } = process.cpuUsage(cpuBefore)
    const seconds = (performance.now() - startedMs) / 1000
    await serving.stop()
    return { count: statements, seconds, cpuSeconds: (user + system) / 1e6, metrics }
  })
}

/** Rounds the step up as Grafana does, to at least ten seconds. */
function stepMs(hours: number, points = POINTS): number {
  const wanted = (hours * HOUR_MS) / points
  return [STEP_MS_LEAST, 30_000, 60_000, 120_000, 300_000].find(step => step >= wanted) ?? 600_000
}

/** CPU time covers engine, server and client; on a busy machine it is more reliable than wall time. */
async function timeStatement(
  url: string,
  { sql }: Statement,
  range: Range,
): Promise<{ wallMs: number; cpuMs: number }[]> {
  const body = expand(sql, range, CHOSEN)
  const times: { wallMs: number; cpuMs: number }[] = []
  for (let timings = 0; timings < RUNS; timings++) {
    const startedMs = performance.now()
    const cpuBefore = process.cpuUsage()
    const response = await fetch(`${url}/?default_format=Native`, { method: 'POST', body })
    const bytes = await response.arrayBuffer()
    if (!response.ok) throw new Error(`${Buffer.from(bytes)}: ${body}`)
    const { user, system } = process.cpuUsage(cpuBefore)
    times.push({ wallMs: performance.now() - startedMs, cpuMs: (user + system) / 1000 })
  }
  return times
}

export const dashboards: Bench = {
  name: 'dashboards',
  summary: 'each statement of the Grafana dashboards, over HTTP, on ten million ticks of a day; target: 200 ms',
  unit: 'statements',
  rounds: 1,
  contestants: [
    { name: 'the last hour', run: () => over(1) },
    { name: 'the whole day', run: () => over(24) },
  ],
  notes: [
    `${DAY_TRADES.toLocaleString('en-US')} trades of eight symbols within a day; queries of the busiest; each statement ${RUNS} times`,
  ],
}
