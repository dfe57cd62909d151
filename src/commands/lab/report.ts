/** `tickhouse lab report` and `tickhouse lab status`: runs that the tables have. */
import fs from 'node:fs'
import type { Config } from '../../config.ts'
import { TickhouseError } from '../../errors.ts'
import { reportPage } from '../../lab/report/page.ts'
import { makeReport } from '../../lab/results/report.ts'
import { listRuns } from '../../lab/stored/list-runs.ts'
import { readRun } from '../../lab/stored/stored-run.ts'
import { plainLine } from '../../plain-text.ts'
import { openStoreAccess } from '../open-store.ts'
import { printReport } from './print-report.ts'

export interface LabReportFlags {
  /** Where the HTML file is written. */
  html?: string
}

const LINE_LENGTH_MAX = 300

/** Prints the report of a run, and writes it as HTML if a file is named. Throws TickhouseErrors. */
export async function labReport(config: Config, run: string, { html }: LabReportFlags): Promise<void> {
  const access = await openStoreAccess(config)
  try {
    const { facts, outcomes } = await readRun(access.query, run)
    const report = await makeReport(access.query, facts, outcomes)
    printReport(report)
    if (html === undefined) return
    try {
      fs.writeFileSync(html, reportPage(report))
    } catch (error) {
      throw new TickhouseError('usage', `cannot write ${html}: ${(error as Error).message}`, 'Choose another file.')
    }
    console.log(`HTML: ${html}`)
  } finally {
    await access.close()
  }
}

/** Lists runs, the newest first. Throws TickhouseErrors. */
export async function labStatus(config: Config): Promise<void> {
  const access = await openStoreAccess(config)
  try {
    console.log((await listRuns(access.query)).map(line => plainLine(line, LINE_LENGTH_MAX)).join('\n'))
  } finally {
    await access.close()
  }
}
