/**
 * Summarises the rows of an archived object by venue and symbol: what its entries in the transparency log state. The
 * file alone determines the result, so that a reader of the archive can compute it again.
 */
import type { SymbolSummary } from '../../proof/leaf.ts'
import { exactSums, withoutZeros } from '../../store/exact-sums.ts'
import { type IdKind, idsAreDense } from '../../tick/id-kind.ts'
import { quoted } from '../columns.ts'
import { type Kind, SEGMENT_TABLE } from '../kinds.ts'

/** Ranges of missing ids stated for a symbol. */
const RANGES_MAX = 50

export interface VenueSummary {
  venue: string
  symbols: SymbolSummary[]
}

/** Of a run of ids, as the queries return it. */
export interface RunRow {
  run: number
  rows: string
  first_time: string
  last_time: string
  first_id: string
  last_id: string
  starts: string[]
  ends: string[]
  volume_sum: string
  notional_sum: string
  inexact: string
}

interface Row extends RunRow {
  venue: string
  symbol: string
  ids: string
  ranges: string
}

/** Kinds of trade ids by venue; a venue that is not in it counts as `none`. */
export type IdKinds = ReadonlyMap<string, IdKind>

/** Executes a SELECT over `file()`. */
export interface ParquetReader {
  rows<T>(select: string): Promise<T[]>
}

/** Summary of a Parquet file, or only of a venue's symbol in it, by venue, venues and symbols in the order of their bytes. The file name must not contain glob characters. */
export async function summarise(
  files: ParquetReader,
  kind: Kind,
  file: string,
  idKinds: IdKinds,
  only?: { venue: string; symbol: string },
): Promise<VenueSummary[]> {
  const trades = kind.table === SEGMENT_TABLE
  const where = only ? ofSymbol(only) : '1'
  const rows = await files.rows<Row>(trades ? tradesQuery(file, where, idKinds) : ticksQuery(kind, file, where))
  const venues = Map.groupBy(rows, ({ venue }) => venue)
  return [...venues].map(([venue, some]) => ({
    venue,
    symbols: some.map(row => symbolOf(row, trades ? (idKinds.get(venue) ?? 'none') : undefined)),
  }))
}

function symbolOf(row: Row, ids: IdKind | undefined): SymbolSummary {
  const { symbol, first_time: firstTime, last_time: lastTime } = row
  const summary = { symbol, rows: Number(row.rows), firstTime, lastTime }
  if (ids === undefined) return summary
  const dense = idsAreDense(ids)
  const ordered = ids !== 'none' && ids !== 'opaque'
  return {
    ...summary,
    trades: {
      run: row.run,
      firstId: ordered ? row.first_id : null,
      lastId: ordered ? row.last_id : null,
      ids: dense ? Number(row.ids) : null,
      missing: dense ? between(row.starts, row.ends) : null,
      moreMissing: dense ? Math.max(0, Number(row.ranges) - 1 - RANGES_MAX) : 0,
      volume: withoutZeros(row.volume_sum),
      notional: withoutZeros(row.notional_sum),
      inexact: Number(row.inexact),
    },
  }
}

/** The ranges between runs of consecutive ids, given the first and the last id of each run. */
function between(starts: readonly string[], ends: readonly string[]): [string, string][] {
  return starts.slice(1, RANGES_MAX + 1).map((next, at) => [String(BigInt(ends[at]!) + 1n), String(BigInt(next) - 1n)])
}

/** The condition for rows of a venue's symbol. */
export const ofSymbol = ({ venue, symbol }: { venue: string; symbol: string }): string =>
  `venue = ${quoted(venue)} AND symbol = ${quoted(symbol)}`

export const nanos = (value: string) => `toString(toUnixTimestamp64Nano(toDateTime64(${value}, 9, 'UTC')))`

function ticksQuery({ time }: Kind, file: string, where: string): string {
  return `SELECT venue, symbol, toString(count()) AS rows, ${nanos(`min(${time})`)} AS first_time, ${nanos(`max(${time})`)} AS last_time
    FROM file(${quoted(file)}, 'Parquet', ${quoted(`venue String, symbol String, ${time} DateTime64(9, 'UTC')`)}) WHERE ${where}
    GROUP BY venue, symbol ORDER BY venue, symbol SETTINGS max_threads = 1`
}

/** Source of the trades in a file. */
export function tradesIn(file: string, where: string): string {
  const columns =
    "venue String, symbol String, timestamp DateTime64(9, 'UTC'), price Float64, volume Float64, trade_id UInt64, id_run UInt16"
  return `file(${quoted(file)}, 'Parquet', ${quoted(columns)}) WHERE ${where}`
}

/** Columns `volume_sum`, `notional_sum` and `inexact` of the rows that a condition selects. */
export function sumsOf(condition: string): string {
  const { volume, notional, inexact } = exactSums(condition)
  return `${volume} AS volume_sum, ${notional} AS notional_sum, ${inexact} AS inexact`
}

/** Bitmaps of the ids at which runs of consecutive ids begin and end, as columns `begins` and `stops`. */
export function runsOfIds(dense: string): { ids: string; columns: string } {
  const ids = (value: string) => `groupBitmapStateIf(toUInt64(${value}), ${dense})`
  const without = (value: string) => `bitmapAndnot(${ids('trade_id')}, ${ids(value)})`
  return { ids: ids('trade_id'), columns: `${without('trade_id + 1')} AS begins, ${without('trade_id - 1')} AS stops` }
}

/**
 * A run of consecutive ids begins at an id whose predecessor is not there: found with bitmaps, so that only the ends of the runs leave
 * the engine.
 */
function tradesQuery(file: string, where: string, idKinds: IdKinds): string {
  const venues = [...idKinds].filter(([, ids]) => idsAreDense(ids)).map(([venue]) => quoted(venue))
  const dense = venues.length === 0 ? '0' : `venue IN (${venues.join(', ')})`
  const runs = runsOfIds(dense)
  const texts = (bitmap: string) =>
    `arrayMap(id -> toString(id), arraySlice(arraySort(bitmapToArray(${bitmap})), 1, ${RANGES_MAX + 1}))`
  return `SELECT venue, symbol, id_run AS run, toString(count()) AS rows,
      ${nanos('min(timestamp)')} AS first_time, ${nanos('max(timestamp)')} AS last_time,
      toString(min(trade_id)) AS first_id, toString(max(trade_id)) AS last_id,
      toString(bitmapCardinality(${runs.ids})) AS ids, ${runs.columns},
      ${texts('begins')} AS starts, ${texts('stops')} AS ends, toString(bitmapCardinality(begins)) AS ranges, ${sumsOf('1')}
    FROM ${tradesIn(file, where)}
    GROUP BY venue, symbol, id_run ORDER BY venue, symbol, id_run SETTINGS max_threads = 1`
}
