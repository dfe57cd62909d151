/** What table `coverage` states of the hours of a run: how much of its data is proved, and what is not. */
import type { RunQuery } from '../../replay/range.ts'
import { literal } from '../../store/sql.ts'
import { TRADES } from '../../tick/kinds.ts'
import { rowsOf } from './rows-of.ts'

export interface Unproved {
  name: string
  condition: string
  cause: string
  hours: number
  /** The first of them. */
  first: string
}

export interface Completeness {
  /** Hours of all instruments whose trades were counted, and those that are proved, repaired or halted. */
  hours: number
  proved: number
  /** The others by instrument, condition and cause, most hours first. */
  unproved: Unproved[]
}

/** As column `unproved` of `lab_runs`: a share of the hours, -1 while none is counted. */
export const unprovedShare = ({ hours, proved }: Completeness): number => (hours === 0 ? -1 : 1 - proved / hours)

const LISTED_MAX = 20

/** Of trades of these instruments, `venue:symbol`, in the hours of a time range, ns. */
export async function readCompleteness(
  runQuery: RunQuery,
  names: readonly string[],
  fromNanos: bigint,
  untilNanos: bigint,
): Promise<Completeness> {
  const within = `kind = '${TRADES.name}' AND concat(venue, ':', symbol) IN (${names.map(literal).join(', ')})
    AND hour >= toStartOfHour(fromUnixTimestamp64Nano(toInt64(${fromNanos}), 'UTC'))
    AND hour <= fromUnixTimestamp64Nano(toInt64(${untilNanos}), 'UTC')`
  const sound = `condition IN ('proved', 'repaired', 'halted')`
  const found = await rowsOf<{ name: string; condition_name: string; why: string; hours: number; first: string }>(
    runQuery,
    `SELECT concat(venue, ':', symbol) AS name, if(${sound}, '', toString(condition)) AS condition_name,
       if(${sound}, '', cause) AS why, toUInt32(count()) AS hours, toString(min(hour)) AS first
     FROM coverage FINAL WHERE ${within} GROUP BY name, condition_name, why ORDER BY hours DESC, name, first`,
  )
  const sum = (some: typeof found) => some.reduce((total, { hours }) => total + hours, 0)
  return {
    hours: sum(found),
    proved: sum(found.filter(({ condition_name }) => condition_name === '')),
    unproved: found
      .filter(({ condition_name }) => condition_name !== '')
      .slice(0, LISTED_MAX)
      .map(({ name, condition_name, why, hours, first }) => ({
        name,
        condition: condition_name,
        cause: why,
        hours,
        first,
      })),
  }
}
