/** Reads the stored trade ids from the tables, on resume and when reprocessing. */
import type { Fence, Store } from '../../store/store.ts'
import { type IdKind, idsAreDense } from '../../tick/id-kind.ts'
import type { Refusal } from '../../tick/refusal.ts'
import { type Checkpoint, symbolKey } from '../checkpoint.ts'
import { storedGaps } from '../gaps/stored-gaps.ts'
import type { KnownVenues } from '../validated-record.ts'
import { REFUSED_IDS_PER_RUN_MAX, type RefusedId, type SeenRun } from './continuity.ts'
import { type KnownIds, NOTHING_KNOWN } from './followed-ids.ts'
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

export interface Named {
  venue: string
  symbol: string
}

/** The selected symbols: a condition on `venue` and more, and its parameters. */
export interface Scope {
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
  return { runs, refused, ...(await storedGaps(store, scope, runs, refused)) }
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
