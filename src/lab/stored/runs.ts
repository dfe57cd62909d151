/** Runs in table `lab_runs`. */
import type { RunQuery } from '../../replay/range.ts'
import { literal } from '../../store/sql.ts'
import { rowsOf } from './rows-of.ts'

/** A run as it was last written. */
export interface StoredRun {
  run: string
  portfolio: string
  mode: 'run' | 'live'
  /** `ending`: a person has requested its end. */
  state: 'running' | 'ending' | 'ended' | 'stopped'
  /** The pinned dataset with its checkpoint; empty for all that is stored. */
  dataset: string
  /** The portfolio's file. */
  yaml: string
  /** Where that file was, an absolute path; empty for a run of an earlier version. */
  yamlPath: string
  /** µs since 1970 UTC. */
  fromMicros: number
  untilMicros: number
  beganAtMs: number
}

/** The newest first. `where` is a condition over `lab_runs`. */
export async function readRuns(runQuery: RunQuery, where: string): Promise<StoredRun[]> {
  const rows = await rowsOf<Record<keyof StoredRun, string>>(
    runQuery,
    `SELECT r.run AS run, any(r.portfolio) AS portfolio, any(r.mode) AS mode, argMax(r.state, r.written_at) AS state,
       argMax(r.dataset, r.written_at) AS dataset, any(r.yaml) AS yaml, argMax(r.yaml_path, r.written_at) AS yamlPath, toString(toUnixTimestamp64Micro(argMax(r.from, r.written_at))) AS fromMicros,
       toString(toUnixTimestamp64Micro(argMax(r.until, r.written_at))) AS untilMicros,
       toString(toUnixTimestamp64Milli(any(r.began_at))) AS beganAtMs
     FROM (SELECT * FROM lab_runs WHERE ${where}) AS r GROUP BY run ORDER BY beganAtMs DESC, run`,
  )
  return rows.map(row => ({
    ...row,
    mode: row.mode as StoredRun['mode'],
    state: row.state as StoredRun['state'],
    fromMicros: Number(row.fromMicros),
    untilMicros: Number(row.untilMicros),
    beganAtMs: Number(row.beganAtMs),
  }))
}

export async function runNamed(runQuery: RunQuery, run: string): Promise<StoredRun | undefined> {
  const [found] = await readRuns(runQuery, `run = ${literal(run)}`)
  return found
}

/** As it was last written; undefined if there is no such run. A live run asks each second: the row has its whole file. */
export async function stateOf(runQuery: RunQuery, run: string): Promise<StoredRun['state'] | undefined> {
  const [found] = await rowsOf<Pick<StoredRun, 'state'>>(
    runQuery,
    `SELECT argMax(r.state, r.written_at) AS state FROM lab_runs AS r WHERE r.run = ${literal(run)} GROUP BY r.run`,
  )
  return found?.state
}

/** The live run of a portfolio that has not ended. */
export async function openRun(runQuery: RunQuery, portfolio: string): Promise<StoredRun | undefined> {
  const runs = await readRuns(runQuery, `portfolio = ${literal(portfolio)} AND mode = 'live'`)
  return runs.find(({ state }) => state === 'running' || state === 'ending')
}
