/** What the watcher asks an instance of live runs: of their verifications, and of the drift of their models. Times in ms since 1970 UTC; at most `max` rows. */
import { MS_PER_DAY, MS_PER_HOUR } from '../clock.ts'

/** A run that has ended is verified once: its difference is reported for so long. */
const DIFFERING_MS_MAX = 7 * MS_PER_DAY
/** A day is verified soon after its end by `lab start`: it is missed so long after it. */
const VERIFIED_AFTER_MS_MAX = 25 * MS_PER_HOUR
/** An old run that nobody will verify any more is reported for so long. */
const UNVERIFIED_MS_MAX = 30 * MS_PER_DAY
/** The last rows of a run that pauses are not certain, and so not compared. */
const NOT_COMPARED_MS = 60_000

/** A window of drift is a day, unless stated: so long after one without a drift, the last is not reported any more. */
const DRIFT_MS_MAX = 25 * MS_PER_HOUR

export const time = (ms: number): string => `fromUnixTimestamp64Milli(${ms}, 'UTC')`

/** Run, portfolio, difference and time of the newest verification of each live run, if it found one. */
export const differingStatement = (nowMs: number, max: number): string =>
  `SELECT v.run, any(r.name), argMax(v.difference, v.at) AS found, toUnixTimestamp64Milli(toDateTime64(max(v.at), 3))
   FROM lab_verifications AS v
   INNER JOIN (SELECT run, any(portfolio) AS name FROM lab_runs WHERE mode = 'live' GROUP BY run) AS r ON v.run = r.run
   WHERE v.at >= ${time(nowMs - DIFFERING_MS_MAX)}
   GROUP BY v.run HAVING found != '' ORDER BY v.run LIMIT ${max}`

/** Run, portfolio, until when it was played and verified, and by when the UTC day in which the verified part ends should have been. */
export const unverifiedStatement = (nowMs: number, max: number): string =>
  `SELECT run, name, played, greatest(began, reached) AS verified, (intDiv(verified, ${MS_PER_DAY}) + 1) * ${MS_PER_DAY} + ${VERIFIED_AFTER_MS_MAX} AS due
   FROM (SELECT l.run AS run, any(l.portfolio) AS name, toUnixTimestamp64Milli(toDateTime64(max(l.until), 3)) AS played,
           toUnixTimestamp64Milli(toDateTime64(min(l.began_at), 3)) AS began
         FROM lab_runs AS l WHERE l.mode = 'live' GROUP BY l.run) AS r
   LEFT JOIN (SELECT v.run AS run, toUnixTimestamp64Milli(toDateTime64(max(v.until), 3)) AS reached
              FROM lab_verifications AS v GROUP BY v.run) AS c USING (run)
   WHERE verified + ${NOT_COMPARED_MS} < played AND due <= ${Math.floor(nowMs)} AND due > ${Math.floor(nowMs - UNVERIFIED_MS_MAX)}
   ORDER BY run LIMIT ${max}`

/** Portfolio, strategy, (feature, newest index) of each that drifted, bound and time of the newest, of live runs that are running. */
export const driftedStatement = (nowMs: number, max: number): string =>
  `SELECT r.name, d.strategy, arraySort(groupArray((d.feature, d.reached))), argMax(d.allowed, d.newest), toUnixTimestamp64Milli(toDateTime64(max(d.newest), 3))
   FROM (SELECT l.run AS run, l.strategy AS strategy, substring(l.limit_name, length('drift ') + 1) AS feature,
           argMax(l.value, l.at) AS reached, argMax(l.bound, l.at) AS allowed, max(l.at) AS newest
         FROM lab_limits AS l WHERE startsWith(l.limit_name, 'drift ') AND l.at >= ${time(nowMs - DRIFT_MS_MAX)}
         GROUP BY run, strategy, feature) AS d
   INNER JOIN (SELECT run, any(portfolio) AS name FROM lab_runs WHERE mode = 'live' GROUP BY run
     HAVING argMax(state, written_at) = 'running') AS r ON d.run = r.run
   GROUP BY r.name, d.strategy ORDER BY r.name, d.strategy LIMIT ${max}`
