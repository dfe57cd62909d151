/** Reads the stored trade ids from the tables, on resume and when reprocessing. */
import type { Fence, Store } from '../../store/store.ts'
import { type IdKind, idsAreDense } from '../../tick/id-kind.ts'
import type { Refusal } from '../../tick/refusal.ts'
import { type Checkpoint, type GapRow, gapRow, symbolKey } from '../checkpoint.ts'
import type { KnownVenues } from '../validated-record.ts'
import {
  countIds,
  type Gap,
  type IdRange,
  REFUSED_IDS_PER_RUN_MAX,
  type RefusedId,
  type SeenRun,
} from './continuity.ts'
import { type KnownIds, NOTHING_KNOWN } from './followed-ids.ts'
import { missingOf } from './missing-ids.ts'
import { IDS_PER_QUERY } from './stored-trades.ts'

/** Ids from here on are not counters: see symbol-ids.ts. */
const COUNTERS_BELOW = Number.MAX_SAFE_INTEGER + 1

/** Refused for their values, not for their ids: these ids arrived and are not stored. */
const REFUSED_FOR_VALUES: readonly Refusal[] = [
  'price_out_of_range',
  'volume_out_of_range',
  'timestamp_out_of_range',
  'timestamp_ahead',
  'side_unknown',
  'origin_unknown',
]

const NANOS_PER_DAY = 86_400e9

interface Named {
  venue: string
  symbol: string
}

/** The selected symbols: a condition on `venue` and more, and its parameters. */
interface Scope {
  where: string
  /** The same for table `gaps`, which has no partition column. */
  ofGaps: string
  params: Record<string, unknown>
}

const venuesWith = (venues: KnownVenues, wanted: (kind: IdKind) => boolean): string[] =>
  [...venues].filter(([, kind]) => wanted(kind)).map(([venue]) => venue)

const scopeOf = (partition: number, venues: readonly string[]) => ({
  where: 'log_partition = {partition:UInt16} AND venue IN {venues:Array(String)}',
  ofGaps: 'venue IN {venues:Array(String)}',
  params: { partition, venues },
})

/** The stored ids of each symbol of a partition, by `symbolKey`. */
export type IdsBySymbol = Map<string, Named & KnownIds>

/**
 * Loads the stored ids of a partition's symbols. Rewrites rows of open gaps that differ from the stored ids because the last process ended
 * before it updated them.
 */
export async function loadIds(
  store: Store,
  checkpoint: Checkpoint,
  fence: Fence,
  venues: KnownVenues,
): Promise<IdsBySymbol> {
  const { partition } = fence
  const [dense, others] = [
    scopeOf(partition, venuesWith(venues, idsAreDense)),
    scopeOf(
      partition,
      venuesWith(venues, kind => !idsAreDense(kind) && kind !== 'none'),
    ),
  ]
  const { runs, refused, gaps, stale } = await counterIds(store, dense)
  if (stale.length > 0) await checkpoint.writeGaps(stale, fence)
  const newest = await uniqueNewest(store, dense, COUNTERS_BELOW)
  if (others.params.venues.length > 0) newest.push(...(await uniqueNewest(store, others, 0)))
  const known: IdsBySymbol = new Map()
  const add = <T extends Named>(rows: readonly T[], what: (own: T[]) => Partial<KnownIds>) => {
    for (const [key, own] of Map.groupBy(rows, symbolKey)) {
      const { venue, symbol } = own[0]!
      known.set(key, { ...(known.get(key) ?? { venue, symbol, ...NOTHING_KNOWN }), ...what(own) })
    }
  }
  add(runs, own => ({ runs: own }))
  add(
    refused.filter(one => known.has(symbolKey(one))),
    own => ({ refused: own }),
  )
  add(gaps, own => ({ gaps: own }))
  add(newest, ([one]) => ({ uniqueNewestMicros: one!.newestMicros }))
  return known
}

/** The same for one symbol, in all partitions; writes nothing. */
export async function loadSymbol(store: Store, venues: KnownVenues, venue: string, symbol: string): Promise<KnownIds> {
  const where = 'venue = {venue:String} AND symbol = {symbol:String}'
  const scope: Scope = { where, ofGaps: where, params: { venue, symbol } }
  const dense = idsAreDense(venues.get(venue))
  const [newest] = await uniqueNewest(store, scope, dense ? COUNTERS_BELOW : 0)
  const uniqueNewestMicros = newest?.newestMicros
  return { ...(dense ? await counterIds(store, scope) : NOTHING_KNOWN), uniqueNewestMicros }
}

async function counterIds(store: Store, scope: Scope) {
  const runs = await seenRuns(store, scope)
  const refused = await refusedIds(store, scope)
  return { runs, refused, ...(await openGaps(store, scope, runs, refused)) }
}

/** The stored runs of each followed symbol. */
async function seenRuns(store: Store, { where, params }: Scope): Promise<(Named & SeenRun)[]> {
  type Row = Record<'venue' | 'symbol' | 'first' | 'last' | 'trades' | 'firstNanos' | 'newestNanos', string> & {
    run: number
  }
  const rows = await store.rows<Row>(
    `SELECT venue, symbol, id_run AS run, min(trade_id) AS first, max(trade_id) AS last, count() AS trades,
       toUnixTimestamp64Nano(min(timestamp)) AS firstNanos, toUnixTimestamp64Nano(max(timestamp)) AS newestNanos FROM trades
     WHERE ${where} AND trade_id < ${COUNTERS_BELOW} GROUP BY venue, symbol, id_run ORDER BY venue, symbol, id_run`,
    params,
  )
  return rows.map(({ venue, symbol, run, first, last, trades, firstNanos, newestNanos }) => ({
    venue,
    symbol,
    run: Number(run),
    first: Number(first),
    last: Number(last),
    trades: Number(trades),
    firstMicros: Number(firstNanos) / 1000,
    newestMicros: Number(newestNanos) / 1000,
  }))
}

/** Ids of trades refused for their values and not stored since: the greatest of each run. */
async function refusedIds(store: Store, { where, params }: Scope): Promise<(Named & RefusedId)[]> {
  const rows = await store.rows<Named & { run: number; id: string; reason: string; nanos: string; received: string }>(
    `SELECT venue, symbol, id_run AS run, trade_id AS id, reason, JSONExtractString(raw, 'timestamp') AS nanos,
       toUnixTimestamp64Nano(received_at) AS received FROM quarantine
     WHERE ${where} AND trade_id > 0 AND reason IN {reasons:Array(String)}
     ORDER BY trade_id DESC LIMIT ${REFUSED_IDS_PER_RUN_MAX} BY venue, symbol, id_run`,
    { ...params, reasons: REFUSED_FOR_VALUES },
  )
  const refused: (Named & RefusedId)[] = []
  for (const own of Map.groupBy(rows, symbolKey).values()) {
    const { venue, symbol } = own[0]!
    const storedToo = new Set<string>()
    for (let start = 0; start < own.length; start += IDS_PER_QUERY) {
      const stored = await store.rows<{ run: number; id: string }>(
        `SELECT id_run AS run, trade_id AS id FROM trades
         WHERE venue = {venue:String} AND symbol = {symbol:String} AND trade_id IN {ids:Array(UInt64)}`,
        { venue, symbol, ids: own.slice(start, start + IDS_PER_QUERY).map(({ id }) => Number(id)) },
      )
      for (const { run, id } of stored) storedToo.add(`${run} ${id}`)
    }
    for (const { run, id, reason, nanos, received } of own) {
      if (storedToo.has(`${run} ${id}`)) continue
      const bad = reason.startsWith('timestamp') || Number(nanos) > Number(received) + NANOS_PER_DAY
      const micros = bad ? Number.NaN : Number(nanos) / 1000
      refused.push({ venue, symbol, run: Number(run), id: Number(id), micros })
    }
  }
  return refused
}

/**
 * The open gaps of symbols with the ids still missing by the stored trades, and new rows for those that differ. In runs without a stored
 * trade all ids are missing: their batch never arrived, and their partition is not known.
 */
async function openGaps(
  store: Store,
  { ofGaps, params }: Scope,
  runs: readonly (Named & SeenRun)[],
  refused: readonly (Named & RefusedId)[],
): Promise<{ gaps: Gap[]; stale: GapRow[] }> {
  type Row = Named & { run: number; first: string; last: string; noted: string; found: string }
  const rows = await store.rows<Row>(
    `SELECT venue, symbol, id_run AS run, first_id AS first, last_id AS last, missing AS noted,
       toUnixTimestamp64Micro(found_at) AS found FROM gaps FINAL
     WHERE state = 'open' AND ${ofGaps} ORDER BY venue, symbol, first_id`,
    params,
  )
  const gaps: Gap[] = []
  const stale: GapRow[] = []
  for (const [key, own] of Map.groupBy(rows, symbolKey)) {
    const seen = runs.filter(run => symbolKey(run) === key)
    if (seen.length === 0 && (await isStored(store, own[0]!))) continue
    for (const row of own) {
      const { venue, symbol } = row
      const range = { first: Number(row.first), last: Number(row.last) }
      const run = Number(row.run)
      const gap: Gap = {
        ...{ venue, symbol, run, ...range, missing: [range], foundAtMicros: Number(row.found), recorded: true },
        ...{ afterMicros: Number.NEGATIVE_INFINITY, beforeMicros: Number.POSITIVE_INFINITY },
      }
      if (!seen.some(known => known.run === run)) {
        gaps.push(gap)
        continue
      }
      await fillIn(
        store,
        gap,
        refused.filter(one => symbolKey(one) === key && one.run === run),
      )
      // More ids are missing than before only where trades were dropped from the table.
      if (countIds(gap.missing) < Number(row.noted)) stale.push(gapRow(gap, gap.missing))
      if (gap.missing.length > 0) gaps.push(gap)
    }
  }
  return { gaps, stale }
}

async function isStored(store: Store, { venue, symbol }: Named): Promise<boolean> {
  const rows = await store.rows(
    'SELECT trade_id FROM trades WHERE venue = {venue:String} AND symbol = {symbol:String} LIMIT 1',
    { venue, symbol },
  )
  return rows.length > 0
}

/** Queries which ids of a gap are stored, and the times of the trades beside it. */
async function fillIn(store: Store, gap: Gap, refused: readonly RefusedId[]): Promise<void> {
  const { venue, symbol, run, first, last } = gap
  const rows = await store.rows<{ id: string; nanos: string }>(
    `SELECT trade_id AS id, toUnixTimestamp64Nano(timestamp) AS nanos FROM trades
     WHERE venue = {venue:String} AND symbol = {symbol:String} AND id_run = {run:UInt16}
       AND trade_id BETWEEN {from:UInt64} AND {to:UInt64} ORDER BY id`,
    { venue, symbol, run, from: Math.max(0, first - 1), to: last + 1 },
  )
  const present = rows.map(({ id }) => Number(id))
  const micros = (id: number) => {
    const at = present.indexOf(id)
    if (at >= 0) return Number(rows[at]!.nanos) / 1000
    const time = refused.find(one => one.id === id)?.micros
    return Number.isNaN(time) ? undefined : time
  }
  gap.afterMicros = micros(first - 1) ?? gap.afterMicros
  gap.beforeMicros = micros(last + 1) ?? gap.beforeMicros
  const within = ({ first, last }: IdRange, id: number) => id >= first && id <= last
  gap.missing = missingOf(
    gap,
    [...present, ...refused.map(one => one.id)].filter(id => within(gap, id)).sort((a, b) => a - b),
  )
}

/** The time of the latest trade of each symbol with an id from `idMin` up. */
async function uniqueNewest(
  store: Store,
  { where, params }: Scope,
  idMin: number,
): Promise<(Named & { newestMicros: number })[]> {
  const rows = await store.rows<Named & { newest: string }>(
    `SELECT venue, symbol, toUnixTimestamp64Nano(max(timestamp)) AS newest FROM trades
     WHERE ${where} AND trade_id >= {idMin:UInt64} GROUP BY venue, symbol`,
    { ...params, idMin },
  )
  return rows.map(({ venue, symbol, newest }) => ({ venue, symbol, newestMicros: Number(newest) / 1000 }))
}
