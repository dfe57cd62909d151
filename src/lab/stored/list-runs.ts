/** The runs that are saved, as lines of a table. */
import { tableLines } from '../../plain-text.ts'
import type { RunQuery } from '../../replay/range.ts'
import { percent } from '../results/texts.ts'
import { rowsOf } from './rows-of.ts'
import { briefly, readVerifications } from './verifications.ts'

const LISTED_MAX = 50

/** The newest first: when, state, result of each strategy, name, whether it equals its replay. Throws errors of the store. */
export async function listRuns(runQuery: RunQuery): Promise<string[]> {
  const rows = await rowsOf<
    Record<'run' | 'name' | 'how' | 'began', string> & { results: [strategy: string, result: number][] }
  >(
    runQuery,
    `SELECT run, any(portfolio) AS name, any(state) AS how, toString(min(began_at)) AS began,
       groupArray((strategy, toFloat64(equity) / toFloat64(capital) - 1)) AS results
     FROM lab_runs FINAL GROUP BY run ORDER BY min(began_at) DESC, run DESC LIMIT ${LISTED_MAX}`,
  )
  if (rows.length === 0) return ['No run is saved: tickhouse lab run portfolio.yaml']
  const verifications = await readVerifications(runQuery)
  const cells = rows.map(({ run, name, how, began, results }) => {
    const each = results
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([strategy, result]) => `${strategy} ${percent(result)}`)
    return [began.slice(0, 19), run, name, how, each.join(', '), briefly(verifications.get(run))]
  })
  return tableLines([['began (UTC)', 'run', 'portfolio', 'state', 'result', 'replay'], ...cells])
}
