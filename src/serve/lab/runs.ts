/** The runs of the lab, from the tables, for the page. */
import { MS_PER_DAY } from '../../clock.ts'
import type { Store } from '../../store/store.ts'
import type { LabRun, LabStrategy, LabVerification } from './protocol.ts'

const RUNS_MAX = 50

type RunRow = Omit<LabRun, 'verification' | 'strategies'> & Omit<LabStrategy, 'off'>
type Owned<Value> = Value & { run: string }

/** The runs that are live first, then the newest first; with a name, that run alone. Throws errors of the store. */
export async function readLabRuns(store: Store, name = ''): Promise<LabRun[]> {
  const chosen = `run IN (
    SELECT run FROM lab_runs WHERE {name:String} = '' OR run = {name:String} GROUP BY run
    ORDER BY any(mode) = 'live' AND argMax(state, written_at) IN ('running', 'ending') DESC, max(began_at) DESC, run DESC
    LIMIT ${RUNS_MAX})`
  const [rows, off, verified] = await Promise.all([
    store.rows<RunRow>(
      `SELECT run, strategy, portfolio, kind, parameters, symbols, mode, state, currency, dataset, program,
              toFloat64(ticks) AS ticks, toFloat64(fills) AS fills, toFloat64(capital) AS capital,
              toFloat64(equity) AS equity, toFloat64(fees) AS fees,
              toFloat64(toUnixTimestamp64Milli(began_at)) AS beganAtMs,
              toFloat64(toUnixTimestamp64Milli(from)) AS fromMs, toFloat64(toUnixTimestamp64Milli(until)) AS untilMs,
              toFloat64(toUnixTimestamp64Milli(written_at)) AS writtenAtMs
       FROM lab_runs FINAL WHERE ${chosen}
       ORDER BY mode = 'live' AND state IN ('running', 'ending') DESC, began_at DESC, run DESC, strategy`,
      { name },
    ),
    store.rows<Owned<NonNullable<LabStrategy['off']>> & { strategy: string }>(
      `SELECT run, strategy, argMax(limit_name, at) AS limit, argMax(action, at) != 'flattened, off' AS isForTheDay,
              toFloat64(toUnixTimestamp64Milli(max(at))) AS atMs
       FROM lab_limits WHERE action IN ('flattened, off', 'flattened, off for the day') AND ${chosen}
       GROUP BY run, strategy`,
      { name },
    ),
    store.rows<Owned<LabVerification>>(
      `SELECT run, toFloat64(toUnixTimestamp64Milli(max(v.at))) AS atMs,
              toFloat64(toUnixTimestamp64Milli(argMax(v.until, v.at))) AS untilMs,
              toFloat64(argMax(v.equal, v.at)) AS rows, argMax(v.difference, v.at) AS difference
       FROM lab_verifications AS v WHERE ${chosen} GROUP BY run`,
      { name },
    ),
  ])
  const verifications = new Map(verified.map(({ run, ...verification }) => [run, verification]))
  const switched = new Map(off.map(({ run, strategy, ...why }) => [`${run} ${strategy}`, why]))
  const runs = new Map<string, LabRun>()
  for (const { strategy, kind, parameters, symbols, capital, equity, fees, fills, ...common } of rows) {
    const { run, untilMs } = common
    const why = switched.get(`${run} ${strategy}`)
    const isOff = why && (!why.isForTheDay || dayOf(why.atMs) === dayOf(untilMs))
    const own = { strategy, kind, parameters, symbols, capital, equity, fees, fills }
    const known = runs.get(run) ?? { ...common, verification: verifications.get(run) ?? null, strategies: [] }
    known.strategies.push({ ...own, off: isOff ? { ...why, isForTheDay: Boolean(why.isForTheDay) } : null })
    runs.set(run, known)
  }
  return [...runs.values()]
}

const dayOf = (ms: number) => Math.floor(ms / MS_PER_DAY)
