/** Queries of table `quarantine`: by reason and row by row. */
import type { Store } from '../../store/store.ts'
import type { Refusal } from '../../tick/refusal.ts'
import type { QuarantineRow } from './revalidate.ts'

/** Selects the rows that match all given fields. */
export interface QuarantineFilter {
  reason?: string
  venue?: string
  symbol?: string
  /** Log time of the record, ms since 1970 UTC: inclusive, exclusive. */
  sinceMs?: number
  untilMs?: number
  /** One tick: partition, offset, index. */
  at?: readonly [number, number, number]
}

/** The rows of one reason. Times are the log's, ms since 1970 UTC. */
export interface ReasonSummary {
  reason: string
  ticks: number
  rows: number
  records: number
  firstMs: number
  lastMs: number
  venues: string[]
  /** The detail of one of them. */
  example: string
}

/** A row with its payload, which may be any bytes. */
export interface QuarantineEntry {
  partition: number
  offset: number
  index: number
  ticks: number
  reason: string
  detail: string
  venue: string
  symbol: string
  loggedAtMs: number
  receivedAtMs: number
  rawBytes: number
  /** Bytes received: more than `rawBytes` where `raw` is truncated; 0 if not known. */
  receivedBytes: number
  /** The payload's first bytes, as many as requested, in base64. */
  raw: string
}

const VENUES_SHOWN_MAX = 20

export async function summarise(store: Store, filter: QuarantineFilter): Promise<ReasonSummary[]> {
  const { where, params } = whereOf(filter)
  const rows = await store.rows<Record<keyof ReasonSummary, string> & { venues: string[] }>(
    `SELECT reason, sum(ticks) AS ticks, count() AS rows, uniqExact(log_partition, log_offset) AS records,
       toUnixTimestamp(min(logged_at)) * 1000 AS firstMs, toUnixTimestamp(max(logged_at)) * 1000 AS lastMs,
       groupUniqArray(${VENUES_SHOWN_MAX})(venue) AS venues, any(detail) AS example
     FROM quarantine WHERE ${where} GROUP BY reason ORDER BY rows DESC, reason`,
    params,
  )
  return rows.map(({ reason, ticks, rows, records, firstMs, lastMs, venues, example }) => ({
    reason,
    ticks: Number(ticks),
    rows: Number(rows),
    records: Number(records),
    firstMs: Number(firstMs),
    lastMs: Number(lastMs),
    venues: venues.filter(Boolean).sort(),
    example,
  }))
}

/** Rows by log position, each with at most `rawBytesMax` of its payload. */
export async function listRows(
  store: Store,
  filter: QuarantineFilter,
  limit: number,
  rawBytesMax: number,
): Promise<QuarantineEntry[]> {
  const { where, params } = whereOf(filter)
  const rows = await store.rows<QuarantineEntry>(
    `SELECT log_partition AS partition, log_offset AS offset, log_index AS index, ticks, reason, detail, venue, symbol,
       toUnixTimestamp(logged_at) * 1000 AS loggedAtMs, toUnixTimestamp64Milli(toDateTime64(received_at, 3)) AS receivedAtMs,
       length(q.raw) AS rawBytes, received_bytes AS receivedBytes, base64Encode(substring(q.raw, 1, {rawBytesMax:UInt64})) AS raw
     FROM quarantine AS q WHERE ${where} ORDER BY log_partition, log_offset, log_index LIMIT {limit:UInt32}`,
    { ...params, limit, rawBytesMax },
  )
  return rows.map(row => ({
    ...row,
    offset: Number(row.offset),
    ticks: Number(row.ticks),
    loggedAtMs: Number(row.loggedAtMs),
    receivedAtMs: Number(row.receivedAtMs),
    rawBytes: Number(row.rawBytes),
    receivedBytes: Number(row.receivedBytes),
  }))
}

/** Rows of one partition after a position, in order, without payloads. */
export async function pageOf(
  store: Store,
  filter: QuarantineFilter,
  partition: number,
  after: { offset: number; index: number },
  limit: number,
): Promise<QuarantineRow[]> {
  const { where, params } = whereOf(filter)
  type Row = QuarantineRow & { reason: Refusal }
  const rows = await store.rows<Row>(
    `SELECT log_partition AS partition, log_offset AS offset, log_index AS index, kind, ticks, reason, venue, log_day AS logDay,
       toUnixTimestamp(logged_at) AS loggedAtSeconds, toUnixTimestamp64Micro(toDateTime64(received_at, 6)) AS receivedAtMicros,
       log_hash AS logHash
     FROM quarantine
     WHERE ${where} AND log_partition = {partition:UInt16}
       AND (toInt64(log_offset) > {offset:Int64} OR (toInt64(log_offset) = {offset:Int64} AND toInt64(log_index) > {index:Int64}))
     ORDER BY log_offset, log_index LIMIT {limit:UInt32}`,
    { ...params, partition, ...after, limit },
  )
  return rows.map(row => ({
    ...row,
    offset: Number(row.offset),
    ticks: Number(row.ticks),
    receivedAtMicros: Number(row.receivedAtMicros),
    logHash: Number(row.logHash),
  }))
}

/** The whole payload of one row. */
export async function rawOf(store: Store, { partition, offset, index }: QuarantineRow): Promise<Uint8Array> {
  const [row] = await listRows(store, { at: [partition, offset, index] }, 1, Number.MAX_SAFE_INTEGER)
  return Buffer.from(row!.raw, 'base64')
}

function whereOf(filter: QuarantineFilter): { where: string; params: Record<string, unknown> } {
  const { reason, venue, symbol, sinceMs, untilMs, at } = filter
  const parts = ['1']
  const params: Record<string, unknown> = {}
  const add = (name: string, condition: string, value: unknown) => {
    if (value === undefined) return
    parts.push(condition)
    params[name] = value
  }
  add('reason', 'reason = {reason:String}', reason)
  add('venue', 'venue = {venue:String}', venue)
  add('symbol', 'symbol = {symbol:String}', symbol)
  add('since', 'logged_at >= {since:UInt32}', sinceMs === undefined ? undefined : Math.ceil(sinceMs / 1000))
  add('until', 'logged_at < {until:UInt32}', untilMs === undefined ? undefined : Math.ceil(untilMs / 1000))
  add('atPartition', 'log_partition = {atPartition:UInt16}', at?.[0])
  add('atOffset', 'log_offset = {atOffset:UInt64}', at?.[1])
  add('atIndex', 'log_index = {atIndex:UInt32}', at?.[2])
  return { where: parts.join(' AND '), params }
}
