/**
 * Summarises the rows of an archived object by venue and symbol: what its entries in the transparency log state. The
 * file alone determines the result, so that a reader of the archive can compute it again.
 */
import type { SymbolSummary } from '../../proof/leaf.ts'
import { type IdKind, idsAreDense } from '../../tick/id-kind.ts'
import { quoted } from '../columns.ts'
import { type Kind, SEGMENT_TABLE } from '../kinds.ts'

/** Ranges of missing ids stated for a symbol. */
const RANGES_MAX = 50
/** Decimals of prices and volumes that are summed exactly. */
const SCALE = 20

export interface VenueSummary {
  venue: string
  symbols: SymbolSummary[]
}

interface Row {
  venue: string
  symbol: string
  run: number
  rows: string
  first_time: string
  last_time: string
  first_id: string
  last_id: string
  ids: string
  starts: string[]
  ends: string[]
  ranges: string
  volume: string
  notional: string
  inexact: string
}

/** Kinds of trade ids by venue; a venue that is not in it counts as `none`. */
export type IdKinds = ReadonlyMap<string, IdKind>

/** Executes a SELECT over `file()`. */
interface Files {
  rows<T>(select: string): Promise<T[]>
}

/** Summary of a Parquet file by venue, venues and symbols in the order of their bytes. The file name must not contain glob characters. */
export async function summarise(files: Files, kind: Kind, file: string, idKinds: IdKinds): Promise<VenueSummary[]> {
  const trades = kind.table === SEGMENT_TABLE
  const rows = await files.rows<Row>(trades ? tradesQuery(file, idKinds) : ticksQuery(kind, file))
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
      volume: trimmed(row.volume),
      notional: trimmed(row.notional),
      inexact: Number(row.inexact),
    },
  }
}

/** The ranges between runs of consecutive ids, given the first and the last id of each run. */
function between(starts: readonly string[], ends: readonly string[]): [string, string][] {
  return starts.slice(1, RANGES_MAX + 1).map((next, at) => [String(BigInt(ends[at]!) + 1n), String(BigInt(next) - 1n)])
}

/** A decimal without zeros at its end. */
const trimmed = (decimal: string): string => (decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal)

const nanos = (value: string) => `toString(toUnixTimestamp64Nano(toDateTime64(${value}, 9, 'UTC')))`

function ticksQuery({ time }: Kind, file: string): string {
  return `SELECT venue, symbol, toString(count()) AS rows, ${nanos(`min(${time})`)} AS first_time, ${nanos(`max(${time})`)} AS last_time
    FROM file(${quoted(file)}, 'Parquet', ${quoted(`venue String, symbol String, ${time} DateTime64(9, 'UTC')`)})
    GROUP BY venue, symbol ORDER BY venue, symbol SETTINGS max_threads = 1`
}

/**
 * A run of consecutive ids begins at an id whose predecessor is not there: found with bitmaps, so that only the ends of the runs leave
 * the engine. A decimal has more digits than `SCALE` if it differs at twice the scale, or is 0 there and the double is not.
 */
function tradesQuery(file: string, idKinds: IdKinds): string {
  const venues = [...idKinds].filter(([, ids]) => idsAreDense(ids)).map(([venue]) => quoted(venue))
  const dense = venues.length === 0 ? '0' : `venue IN (${venues.join(', ')})`
  const ids = (value: string) => `groupBitmapStateIf(toUInt64(${value}), ${dense})`
  const texts = (bitmap: string) =>
    `arrayMap(id -> toString(id), arraySlice(arraySort(bitmapToArray(${bitmap})), 1, ${RANGES_MAX + 1}))`
  const exact = (name: string) => `(ifNull(${name}_short = ${name}_long, 0) AND (${name}_short != 0 OR ${name} = 0))`
  const decimals = (name: string) =>
    `toDecimal256OrNull(toString(${name}), ${SCALE}) AS ${name}_short, toDecimal256OrNull(toString(${name}), ${2 * SCALE}) AS ${name}_long`
  const columns =
    "venue String, symbol String, timestamp DateTime64(9, 'UTC'), price Float64, volume Float64, trade_id UInt64, id_run UInt16"
  return `SELECT venue, symbol, id_run AS run, toString(count()) AS rows,
      ${nanos('min(timestamp)')} AS first_time, ${nanos('max(timestamp)')} AS last_time,
      toString(min(trade_id)) AS first_id, toString(max(trade_id)) AS last_id,
      toString(bitmapCardinality(${ids('trade_id')})) AS ids,
      bitmapAndnot(${ids('trade_id')}, ${ids('trade_id + 1')}) AS begins, bitmapAndnot(${ids('trade_id')}, ${ids('trade_id - 1')}) AS stops,
      ${texts('begins')} AS starts, ${texts('stops')} AS ends, toString(bitmapCardinality(begins)) AS ranges,
      toString(sumIf(assumeNotNull(volume_short), exact)) AS volume,
      toString(sumIf(assumeNotNull(price_short) * assumeNotNull(volume_short), exact)) AS notional,
      toString(countIf(NOT exact)) AS inexact
    FROM (
      SELECT *, ${decimals('price')}, ${decimals('volume')}, ${exact('price')} AND ${exact('volume')} AS exact
      FROM file(${quoted(file)}, 'Parquet', ${quoted(columns)})
    )
    GROUP BY venue, symbol, id_run ORDER BY venue, symbol, id_run SETTINGS max_threads = 1`
}
