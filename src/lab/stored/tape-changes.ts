/** When gaps of a portfolio's instruments were found, and until when they are held against the tape. */
import type { RunQuery } from '../../replay/range.ts'
import { literal } from '../../store/sql.ts'
import type { TapeChange } from '../engine/tape.ts'
import { type Instrument, nameOf } from '../market/instrument.ts'
import { rowsOf } from './rows-of.ts'

interface GapRow {
  name: string
  missing: string
  found: string
}

/**
 * Gaps found in [from, until), µs, in order of time. A gap counts for `holdSeconds`, also if it is repaired sooner: when that happens
 * is no part of the market, and a replay would differ by it.
 */
export async function readTapeChanges(
  runQuery: RunQuery,
  instruments: readonly Instrument[],
  fromMicros: number,
  untilMicros: number,
  holdSeconds: number,
): Promise<TapeChange[]> {
  const rows = await rowsOf<GapRow>(
    runQuery,
    `SELECT concat(venue, ':', symbol) AS name, toString(missing) AS missing,
       toString(toInt64(toUnixTimestamp64Micro(toDateTime64(found_at, 6)))) AS found
     FROM gaps FINAL WHERE name IN (${instruments.map(each => literal(nameOf(each))).join(', ')})
       AND found_at >= fromUnixTimestamp64Micro(toInt64(${Math.floor(fromMicros)}), 'UTC')
       AND found_at < fromUnixTimestamp64Micro(toInt64(${Math.floor(untilMicros)}), 'UTC')`,
  )
  const indexes = new Map(instruments.map(each => [nameOf(each), each.index]))
  return rows
    .flatMap(row => changesOf(row, indexes.get(row.name)!, holdSeconds))
    .sort((a, b) => a.timeMicros - b.timeMicros || a.at - b.at || Number(b.isGap) - Number(a.isGap))
}

function changesOf({ missing, found }: GapRow, at: number, holdSeconds: number): TapeChange[] {
  const timeMicros = Number(found)
  const detail = `${missing} trades are missing`
  return [
    { timeMicros, at, isGap: true, detail },
    {
      timeMicros: timeMicros + holdSeconds * 1_000_000,
      at,
      isGap: false,
      detail: `${holdSeconds} s since a gap was found`,
    },
  ]
}
