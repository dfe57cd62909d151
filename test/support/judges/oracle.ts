/**
 * The judges of loss and duplication that every fault test ends with. They read log and tables by their own means, not by the
 * audit of the house, and are tested themselves: a judge that cannot find a lost tick is worth nothing.
 */
import assert from 'node:assert/strict'
import type { Log } from '../../../src/log/log.ts'
import type { Store } from '../../../src/store/store.ts'

/** A trade as whoever made it knows it. */
export interface ExpectedTrade {
  symbol: string
  tradeId: number
  price: number
  volume: number
  side: string
}

/** Places of the log against the rows that carry them. All but `ticks` are 0 when every tick is stored once. */
export interface PlaceVerdict {
  /** In the log, of all partitions, by its own count. */
  ticks: number
  lost: number
  doubled: number
  /** Rows at places that the log does not have. */
  strange: number
}

/** Stored trades against those that were made. */
export interface TradeVerdict {
  stored: number
  missing: ExpectedTrade[]
  doubled: number
  /** With another price, volume or side than it was made with. */
  changed: number
  /** Stored, but never made. */
  strange: number
}

export interface Hole {
  symbol: string
  first: number
  last: number
}

interface PlaceRow {
  partition: number
  offset: string
  rows: string
  places: string
  lowest: number
  highest: number
  /** Ticks of a record that was refused as a whole, in one row. */
  whole: string
}

/** Is every tick of the log's records in `trades` or `quarantine`, at its own place, once? */
export async function judgePlaces(store: Store, log: Log): Promise<PlaceVerdict> {
  const rows = await store.rows<PlaceRow>(
    `SELECT log_partition AS partition, toString(log_offset) AS offset, toString(count()) AS rows,
       toString(uniqExact(log_index)) AS places, min(log_index) AS lowest, max(log_index) AS highest,
       toString(sumIf(ticks, ticks > 1)) AS whole
     FROM (SELECT log_partition, log_offset, log_index, 1 AS ticks FROM trades
           UNION ALL SELECT log_partition, log_offset, log_index, ticks FROM quarantine)
     GROUP BY log_partition, log_offset`,
  )
  const stored = new Map(rows.map(row => [`${row.partition} ${row.offset}`, row]))
  const judgement: PlaceVerdict = { ticks: 0, lost: 0, doubled: 0, strange: 0 }
  for (let partition = 0; partition < log.partitions; partition++) {
    for (const [offset, ticks] of await ticksByOffset(log, partition)) {
      const row = stored.get(`${partition} ${offset}`)
      stored.delete(`${partition} ${offset}`)
      judgement.ticks += ticks
      if (!row) {
        judgement.lost += ticks
        continue
      }
      const whole = Number(row.whole)
      const places = whole > 0 ? whole : Number(row.places)
      const count = whole > 0 ? whole + Number(row.rows) - 1 : Number(row.rows)
      judgement.lost += Math.max(0, ticks - places)
      judgement.doubled += count - places
      if (row.lowest !== 0 || row.highest >= ticks) judgement.strange++
    }
  }
  for (const row of stored.values()) judgement.strange += Number(row.rows)
  return judgement
}

/** What each record of a partition says it holds; one that does not say stands for one tick at least. */
async function ticksByOffset(log: Log, partition: number): Promise<Map<number, number>> {
  const { first, next } = await log.refresh(partition)
  const ticks = new Map<number, number>()
  // Reading a partition without records would wait for the first.
  if (first === next) return ticks
  for await (const slice of log.read(partition, first, new AbortController().signal)) {
    for (const entry of slice) if (entry.offset < next) ticks.set(entry.offset, Math.max(1, entry.ticks))
    if (slice.at(-1)!.offset >= next - 1) break
  }
  assert.equal(ticks.size, next - first, 'the offsets of the log are dense')
  return ticks
}

/** Are these trades in the table, each once, with the very values they were made with? */
export async function judgeTrades(
  store: Store,
  venue: string,
  expected: readonly ExpectedTrade[],
): Promise<TradeVerdict> {
  const rows = await store.rows<ExpectedTrade>(
    `SELECT symbol, trade_id AS tradeId, price, volume, side FROM trades WHERE venue = {venue:String}`,
    { venue },
  )
  const open = new Map(expected.map(trade => [keyOf(trade), trade]))
  const seen = new Set<string>()
  const judgement: TradeVerdict = { stored: rows.length, missing: [], doubled: 0, changed: 0, strange: 0 }
  for (const row of rows) {
    const key = keyOf(row)
    const made = open.get(key)
    if (seen.has(key)) judgement.doubled++
    else if (!made) judgement.strange++
    else if (made.price !== row.price || made.volume !== row.volume || made.side !== row.side) judgement.changed++
    seen.add(key)
    open.delete(key)
  }
  judgement.missing = [...open.values()]
  return judgement
}

/** Runs of ids that are missing between the first and the last stored id of their symbol, in order. */
export async function holesOf(store: Store, venue: string): Promise<Hole[]> {
  const rows = await store.rows<{ symbol: string; id: number }>(
    'SELECT DISTINCT symbol, trade_id AS id FROM trades WHERE venue = {venue:String} ORDER BY symbol, id',
    { venue },
  )
  const holes: Hole[] = []
  for (const [index, { symbol, id }] of rows.entries()) {
    const before = rows[index - 1]
    if (before?.symbol !== symbol || Number(id) === Number(before.id) + 1) continue
    holes.push({ symbol, first: Number(before.id) + 1, last: Number(id) - 1 })
  }
  return holes
}

/** The rows of table `gaps` in a state, in order. */
export async function gapsOf(store: Store, venue: string, state: 'open' | 'repaired'): Promise<Hole[]> {
  const rows = await store.rows<{ symbol: string; first: number; last: number }>(
    `SELECT symbol, first_id AS first, last_id AS last FROM gaps FINAL
     WHERE venue = {venue:String} AND state = {state:String} ORDER BY symbol, first`,
    { venue, state },
  )
  return rows.map(({ symbol, first, last }) => ({ symbol, first: Number(first), last: Number(last) }))
}

/** Fails unless every tick of the log is stored once. */
export function assertPlaces({ ticks: _ticks, ...faults }: PlaceVerdict): void {
  assert.deepEqual(faults, { lost: 0, doubled: 0, strange: 0 })
}

/** Fails unless the stored trades are exactly those that were made. */
export function assertTrades({ stored: _stored, missing, ...faults }: TradeVerdict): void {
  assert.deepEqual({ ...faults, missing: missing.length }, { doubled: 0, changed: 0, strange: 0, missing: 0 })
}

const keyOf = ({ symbol, tradeId }: ExpectedTrade): string => `${symbol} ${tradeId}`
