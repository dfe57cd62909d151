/** Reads the gaps of symbols from the tables, with what is still missing of each. */
import type { Store } from '../../store/store.ts'
import { within } from '../../tick/repairs/id-ranges.ts'
import { type GapRow, gapRow, symbolKey } from '../checkpoint.ts'
import type { RefusedId, SeenRun } from '../ids/continuity.ts'
import { type Gap, type GapState, missingOf, note, type StatedIds } from './gap.ts'

interface Named {
  venue: string
  symbol: string
}

/** Symbols: a condition on table `gaps`, which has no partition column, and its parameters. */
interface GapScope {
  ofGaps: string
  params: Record<string, unknown>
}

interface Row extends Named {
  run: number
  first: string
  last: string
  noted: string
  state: GapState
  reason: string
  found: string
  after: string
  before: string
}

/**
 * The gaps of symbols with the ids still missing by the stored trades, and new rows for those that differ. In runs without a
 * stored trade all ids are missing: their batch never arrived, and their partition is not known.
 */
export async function storedGaps(
  store: Store,
  { ofGaps, params }: GapScope,
  runs: readonly (Named & SeenRun)[],
  refused: readonly (Named & RefusedId)[],
): Promise<{ gaps: Gap[]; stale: GapRow[] }> {
  const rows = await store.rows<Row>(
    `SELECT venue, symbol, id_run AS run, first_id AS first, last_id AS last, missing AS noted, toString(state) AS state, reason,
       toUnixTimestamp64Micro(found_at) AS found, toUnixTimestamp64Micro(after_at) AS after,
       toUnixTimestamp64Micro(before_at) AS before FROM gaps FINAL
     WHERE state != 'repaired' AND ${ofGaps} ORDER BY venue, symbol, first_id`,
    params,
  )
  const statements = await statedIds(store, { ofGaps, params }, rows)
  const gaps: Gap[] = []
  const stale: GapRow[] = []
  for (const [key, own] of Map.groupBy(rows, symbolKey)) {
    const seen = runs.filter(run => symbolKey(run) === key)
    if (seen.length === 0 && (await isStored(store, own[0]!))) continue
    for (const row of own) {
      const gap = gapOf(row, statements.get(`${key} ${row.run}`) ?? [])
      if (!seen.some(known => known.run === gap.run)) {
        gaps.push(gap)
        continue
      }
      const isWhole = row.state !== 'open' && Number(row.noted) === gap.last - gap.first + 1
      // Most of those that are not supplied miss all their ids: no query for each of them.
      if (!isWhole || !Number.isFinite(gap.afterMicros + gap.beforeMicros))
        await fillIn(
          store,
          gap,
          refused.filter(one => symbolKey(one) === key && one.run === gap.run),
        )
      const now = gapRow(gap, gap.missing)
      // More ids are missing than before only where trades were dropped from the table.
      if (now.missing < Number(row.noted) || (row.state === 'open') !== (now.state === 'open')) stale.push(now)
      if (gap.missing.length > 0) gaps.push(gap)
    }
  }
  return { gaps, stale }
}

/** A gap of which all ids are missing. */
function gapOf(row: Row, statements: readonly StatedIds[]): Gap {
  const { venue, symbol, state, reason } = row
  const range = { first: Number(row.first), last: Number(row.last) }
  const [after, before] = [Number(row.after), Number(row.before)]
  const gap: Gap = {
    ...{ venue, symbol, run: Number(row.run), ...range, missing: [range] },
    ...{ foundAtMicros: Number(row.found), recorded: true },
    ...{ afterMicros: after || Number.NEGATIVE_INFINITY, beforeMicros: before || Number.POSITIVE_INFINITY },
  }
  // Rows about it may have left table repairs.
  if (state === 'unrepairable' || state === 'accepted') gap.explained = [{ ...range, outcome: state, reason }]
  // Where nobody requested it again, the row itself has the result.
  if (state === 'open' || statements.some(({ outcome }) => outcome === 'requested'))
    for (const one of statements) if (within([range], one).length > 0) note(gap, one)
  return gap
}

/** What was stated about missing ids, by symbol and run, in its order: for gaps that are open, or were requested again. */
async function statedIds(store: Store, scope: GapScope, gaps: readonly Row[]): Promise<Map<string, StatedIds[]>> {
  if (gaps.length === 0) return new Map()
  if (gaps.some(({ state }) => state === 'open')) return await repairsOf(store, scope)
  const requested = await repairsOf(store, { ...scope, ofGaps: `${scope.ofGaps} AND outcome = 'requested'` })
  return requested.size > 0 ? await repairsOf(store, scope) : requested
}

async function repairsOf(store: Store, { ofGaps, params }: GapScope): Promise<Map<string, StatedIds[]>> {
  const rows = await store.rows<
    Named & Record<'run' | 'first' | 'last' | 'received', string> & Pick<StatedIds, 'outcome' | 'reason'>
  >(
    `SELECT venue, symbol, run, first_id AS first, last_id AS last, outcome, reason,
       toUnixTimestamp64Micro(received_at) AS received FROM repairs WHERE ${ofGaps}
     ORDER BY log_partition, log_offset, log_index`,
    params,
  )
  const stated = rows.map(({ first, last, outcome, reason, received, ...named }) => ({
    key: `${symbolKey(named)} ${named.run}`,
    ids: { first: Number(first), last: Number(last), outcome, reason, receivedAtMicros: Number(received) },
  }))
  return new Map(
    [...Map.groupBy(stated, ({ key }) => key)].map(([key, own]) => [key, own.map(({ ids }) => ids)] as const),
  )
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
  gap.missing = missingOf(
    gap,
    [...present, ...refused.map(one => one.id)].filter(id => id >= first && id <= last).sort((a, b) => a - b),
  )
}
