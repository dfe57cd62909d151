/** Where a live run cut each partition of the log: what makes its order of events repeatable. */
import type { RunQuery } from '../../replay/range.ts'
import { literal } from '../../store/sql.ts'
import type { FundingPayment } from '../engine/funding.ts'
import type { TapeChange } from '../engine/tape.ts'
import { type Row, timeText } from '../results/rows.ts'
import type { Contract } from '../stored/contracts.ts'
import { rowsOf } from '../stored/rows-of.ts'

/** What cut 0 states: what a run was set up with. */
export interface RunSetUp {
  instruments: readonly ({ name: string; tick: number; lot: number } & Contract)[]
  /** Names of instruments whose quotes are recorded. */
  quoted: readonly string[]
}

export interface Cut {
  number: number
  /** By partition: the records from and up to these offsets, the second exclusive. */
  ranges: ReadonlyMap<number, readonly [from: number, until: number]>
  advancedToMicros: number
  changes: readonly TapeChange[]
  /** Payments that are due until then. */
  funding: readonly FundingPayment[]
  /** When the kill switch was set, µs since 1970 UTC; 0 in all cuts but the one that saw it. */
  killedMicros: number
  /** When the request to end the run was seen. */
  stoppedMicros: number
  ends: boolean
}

/** Column `changes` of all cuts but the first. */
type Changes = Pick<Cut, 'changes' | 'funding'> & Partial<Pick<Cut, 'killedMicros' | 'stoppedMicros'>>

/** Rows of table `lab_cuts`. `setUp` is stated by cut 0. */
export function cutRows(run: string, cut: Cut, atMicros: number, setUp?: RunSetUp): Row[] {
  const { number, advancedToMicros, changes, funding, killedMicros, stoppedMicros, ends } = cut
  const own: Changes = {
    ...{ changes, funding },
    ...(killedMicros > 0 && { killedMicros }),
    ...(stoppedMicros > 0 && { stoppedMicros }),
  }
  const common = {
    advanced_to: advancedToMicros,
    changes: JSON.stringify(setUp ?? own),
    ends,
    at: timeText(atMicros),
  }
  const rows = [...cut.ranges].map(([partition, [from, until]]) => ({
    ...{ run, number, partition, from_offset: from, until_offset: until },
    ...common,
  }))
  return rows.length > 0 ? rows : [{ run, number, partition: 0, from_offset: 0, until_offset: 0, ...common }]
}

interface CutRow {
  number: string
  partition: number
  from: string
  until: string
  advanced_to: string
  changes: string
  ends: boolean
}

/** Cuts of a run from a number on, in order, at most `max`. */
export async function readCuts(runQuery: RunQuery, run: string, from: number, max: number): Promise<Cut[]> {
  const rows = await rowsOf<CutRow>(
    runQuery,
    `SELECT toString(c.number) AS number, c.partition AS partition, toString(c.from_offset) AS from,
       toString(c.until_offset) AS until, toString(c.advanced_to) AS advanced_to, c.changes AS changes, c.ends AS ends
     FROM lab_cuts AS c WHERE c.run = ${literal(run)} AND c.number >= ${from} AND c.number < ${from + max}
     ORDER BY c.number, c.partition`,
  )
  return [...Map.groupBy(rows, row => Number(row.number))].map(([number, own]) => ({
    number,
    ranges: new Map(own.map(row => [row.partition, [Number(row.from), Number(row.until)] as const])),
    advancedToMicros: Number(own[0]!.advanced_to),
    ...{ changes: [], funding: [], killedMicros: 0, stoppedMicros: 0 },
    ...(number > 0 && (JSON.parse(own[0]!.changes) as Changes)),
    ends: own[0]!.ends,
  }))
}

/**
 * Until when the rows of a live run that has not ended are written for certain, µs since 1970 UTC: a cut is made when the results of the one before
 * are written. Undefined if it has too few cuts.
 */
export async function writtenUntil(runQuery: RunQuery, run: string): Promise<number | undefined> {
  const [row] = await rowsOf<{ advanced: string }>(
    runQuery,
    `SELECT toString(any(c.advanced_to)) AS advanced FROM lab_cuts AS c WHERE c.run = ${literal(run)}
     GROUP BY c.number ORDER BY c.number DESC LIMIT 1 OFFSET 1`,
  )
  return row && Number(row.advanced)
}

/** What a live run was set up with; undefined if it has no cut. */
export async function readSetUp(runQuery: RunQuery, run: string): Promise<RunSetUp | undefined> {
  const [row] = await rowsOf<{ changes: string }>(
    runQuery,
    `SELECT changes FROM lab_cuts WHERE run = ${literal(run)} AND number = 0 LIMIT 1`,
  )
  return row && (JSON.parse(row.changes) as RunSetUp)
}
