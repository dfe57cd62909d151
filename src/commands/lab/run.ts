/** `tickhouse lab run`: plays stored ticks to the strategies of a portfolio. Paper only. */
import { nowMicros } from '../../clock.ts'
import type { Config } from '../../config.ts'
import { TickhouseError } from '../../errors.ts'
import { readPortfolio } from '../../lab/portfolio/read.ts'
import { describeRun } from '../../lab/results/describe.ts'
import { type InsertRows, RowWriter } from '../../lab/results/row-writer.ts'
import { type RunFacts, runRows } from '../../lab/results/run-rows.ts'
import { backtest } from '../../lab/run/backtest.ts'
import { plainLine } from '../../plain-text.ts'
import { openStoreAccess, type StoreAccess } from '../open-store.ts'
import { parseTime } from '../parse-time.ts'
import { Progress } from '../progress.ts'
import { requestPage } from '../running/instance-request.ts'

export interface LabRunFlags {
  from?: string
  to?: string
  /** False: nothing is written to the tables. */
  save: boolean
}

const LINE_LENGTH_MAX = 500

/** Prints the result. Throws TickhouseErrors. */
export async function labRun(config: Config, file: string, flags: LabRunFlags, signal: AbortSignal): Promise<void> {
  const portfolio = await readPortfolio(file)
  const access = await openStoreAccess(config)
  const beganAtMs = Date.now()
  try {
    const insert = flags.save ? inserting(config, access) : async () => {}
    const writer = new RowWriter(insert)
    const progress = new Progress('ticks', 0)
    const result = await backtest({
      ...{ portfolio, writer, signal, runQuery: access.query },
      fromNanos: flags.from === undefined ? undefined : parseTime(flags.from),
      untilNanos: flags.to === undefined ? undefined : parseTime(flags.to),
      onProgress: (played, _all, timeMicros) => progress.show(played, `${new Date(timeMicros / 1000).toISOString()} `),
    })
    progress.end()
    const { run, engine, recorded, completeness, isStopped, ticks } = result
    const [firstMicros, lastMicros] = [Number(result.firstNanos / 1000n), Number(result.lastNanos / 1000n)]
    const { hours, proved } = completeness
    const facts: RunFacts = {
      ...{ run, portfolio, ticks, beganAtMs, mode: 'run', state: isStopped ? 'stopped' : 'ended', dataset: '' },
      ...{ fromMicros: firstMicros, untilMicros: lastMicros, unproved: hours === 0 ? -1 : 1 - proved / hours },
    }
    await insert('lab_runs', runRows(facts, recorded, nowMicros()))
    const { trades, quotes } = engine
    const lines = describeRun({
      ...{ run, portfolio, recorded, firstMicros, lastMicros, trades, quotes, completeness, isStopped },
    })
    console.log(lines.map(line => plainLine(line, LINE_LENGTH_MAX)).join('\n'))
  } finally {
    await access.close()
  }
}

/** Writes rows to the store: through the running tickhouse, or to the store that this process has open. */
function inserting(config: Config, { store }: StoreAccess): InsertRows {
  return async (table, rows) => {
    if (store) return await store.insertRows(table, rows)
    const body = JSON.stringify({ table, rows })
    const response = await requestPage(config, '/api/lab/rows', { method: 'POST', body, json: true })
    if (response.ok) return
    const { message = '', advice = '' } = (await response.json().catch(() => ({}))) as Record<string, string>
    throw new TickhouseError('process_unreachable', `cannot write results: ${message || response.status}`, advice)
  }
}
