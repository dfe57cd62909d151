/** `tickhouse lab run`: plays stored ticks to the strategies of a portfolio. Paper only. */
import { nowMicros } from '../../clock.ts'
import type { Config } from '../../config.ts'
import { notesOf } from '../../lab/models/rows.ts'
import { readPortfolio } from '../../lab/portfolio/read.ts'
import { makeReport } from '../../lab/results/report.ts'
import { RowWriter } from '../../lab/results/row-writer.ts'
import { type RunFacts, runRows, statedOf } from '../../lab/results/run-rows.ts'
import { backtest, newRun } from '../../lab/run/backtest.ts'
import { unprovedShare } from '../../lab/stored/proved.ts'
import { plainLine } from '../../plain-text.ts'
import { VERSION } from '../../version.ts'
import { openStoreAccess } from '../open-store.ts'
import { timeRange } from '../parse-time.ts'
import { Progress } from '../progress.ts'
import { namedDataset, readingTicks } from './dataset.ts'
import { printReport } from './print-report.ts'
import { inserting, insertModels } from './rows.ts'

const LINE_LENGTH_MAX = 300

export interface LabRunFlags {
  from?: string
  to?: string
  asOf?: string
  /** False: nothing is written to the tables. */
  save: boolean
}

/** Prints the result. Throws TickhouseErrors. */
export async function labRun(config: Config, file: string, flags: LabRunFlags, signal: AbortSignal): Promise<void> {
  const portfolio = await readPortfolio(file)
  const dataset = flags.asOf === undefined ? undefined : await namedDataset(config, flags.asOf)
  const access = await openStoreAccess(config)
  const beganAtMs = Date.now()
  try {
    for (const note of notesOf(portfolio)) console.log(plainLine(note, LINE_LENGTH_MAX))
    const insert = flags.save ? inserting(config, access) : async () => {}
    const writer = new RowWriter(insert)
    const progress = new Progress('ticks', 0)
    const result = await backtest({
      run: newRun(portfolio.portfolio.name),
      ...{ portfolio, writer, signal, runQuery: access.query, readTicks: dataset && readingTicks(access, dataset) },
      ...timeRange(flags),
      onProgress: (played, _all, timeMicros) => progress.show(played, `${new Date(timeMicros / 1000).toISOString()} `),
    })
    progress.end()
    const { run, recorded, completeness, isStopped, ticks } = result
    const [fromMicros, untilMicros] = [Number(result.firstNanos / 1000n), Number(result.lastNanos / 1000n)]
    const state = isStopped ? 'stopped' : 'ended'
    const common = { run, state, ticks, fromMicros, untilMicros, dataset: dataset?.text ?? '' } as const
    const facts: RunFacts = { ...common, portfolio, beganAtMs, mode: 'run', unproved: unprovedShare(completeness) }
    await insert('lab_runs', runRows(facts, recorded, nowMicros()))
    await insertModels(insert, run, portfolio)
    const outcomes = portfolio.strategies.map((strategy, at) => recorded[at]!.outcome(statedOf(strategy)))
    const stated = { portfolio: portfolio.portfolio, program: VERSION, completeness, isSaved: flags.save }
    const report = await makeReport(access.query, { ...common, ...stated }, outcomes)
    printReport(report)
  } finally {
    await access.close()
  }
}
