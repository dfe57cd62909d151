/** When runs were played again and compared with what they wrote: table `lab_verifications`. */
import { minuteText } from '../../clock.ts'
import type { RunQuery } from '../../replay/range.ts'
import { literal } from '../../store/sql.ts'
import { rowsOf } from './rows-of.ts'

export interface Verification {
  atMs: number
  /** Rows with a time before it were compared, ms since 1970 UTC. */
  untilMs: number
  /** Rows of all tables that are equal. */
  equal: number
  /** Where they differ; empty if everything is equal. */
  difference: string
}

/** The newest of each run; of one run alone, if it is named. */
export async function readVerifications(runQuery: RunQuery, run?: string): Promise<Map<string, Verification>> {
  const rows = await rowsOf<Record<'run' | 'done' | 'reached' | 'rows' | 'where', string>>(
    runQuery,
    `SELECT v.run AS run, toString(toUnixTimestamp64Milli(max(v.at))) AS done,
       toString(toUnixTimestamp64Milli(argMax(v.until, v.at))) AS reached, toString(argMax(v.equal, v.at)) AS rows,
       argMax(v.difference, v.at) AS where
     FROM lab_verifications AS v ${run === undefined ? '' : `WHERE v.run = ${literal(run)}`} GROUP BY run`,
  )
  return new Map(
    rows.map(({ run: name, done, reached, rows: equal, where }) => [
      name,
      { atMs: Number(done), untilMs: Number(reached), equal: Number(equal), difference: where },
    ]),
  )
}

/** As in the list of runs: `equal`, `differs: lab_fills: 1 only stored`, or `–`. */
export const briefly = (verification: Verification | undefined): string =>
  !verification ? '–' : verification.difference === '' ? 'equal' : `differs: ${verification.difference}`

/** As a sentence of a report. */
export function inWords(verification: Verification | undefined): string {
  if (!verification) return 'Not verified yet: tickhouse lab verify plays it again and compares every row.'
  const { atMs, untilMs, equal, difference } = verification
  const rows = `${equal.toLocaleString('en-US')} rows up to ${minuteText(untilMs)}`
  if (difference === '') return `It equals its replay: ${rows}, compared on ${minuteText(atMs)}.`
  return `It does NOT equal its replay of ${minuteText(atMs)}: ${difference}. Equal are ${rows}.`
}
