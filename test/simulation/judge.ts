/**
 * Says what is wrong in the tables of a world that has healed: every tick of the log once and where it belongs, each under the
 * day of its own time, gaps that are those of the stored ids. Knows the script, not ingest.
 */
import type { Row } from './blocks.ts'
import { SIMULATED_KINDS } from './kinds.ts'
import type { Held, SimulatedBroker } from './log.ts'
import type { ScriptRecord } from './script.ts'
import { finalGaps, type Tables } from './tables.ts'

/** So far may a record be held at the time of one before it. */
const HELD_MS_MAX = 10_000

export interface Judgement {
  ticks: number
  lost: number
  doubled: number
  /** What else is wrong, in words. */
  wrong: string[]
}

/** More ids than any script gives a symbol, but for absurd ones. */
const SPAN_IDS_MAX = 1_000

export function judge(broker: SimulatedBroker, tables: Tables, stopped: (partition: number) => boolean): Judgement {
  const judgement: Judgement = { ticks: 0, lost: 0, doubled: 0, wrong: [] }
  for (const [partition, { first, records, before }] of broker.partitions.entries()) {
    const own = (table: string) => tables.of(table).filter(row => row.log_partition === partition)
    const lost = own('lost_ranges')
    const good = SIMULATED_KINDS.flatMap(({ table }) => own(table).map((row): [string, Row] => [table, row]))
    const rows = [...good.map(([, row]) => row), ...own('quarantine')]
    let followed: readonly Held[] = records
    if (stopped(partition)) {
      // Rightly only if what the log lost is stored: then all of that is there up to the last of it, and nothing of what came instead.
      const end = rows.reduce((most, row) => Math.max(most, row.log_offset + 1), 0)
      if (!before || end <= before.from)
        judgement.wrong.push(`partition ${partition} stopped, and nothing stored was lost`)
      followed = (before?.records ?? records).slice(0, end)
    }
    judgeTicks(followed, lost, good, own('quarantine'), judgement)
    judgeLost(first, lost, judgement)
    judgeDays(rows, followed, judgement)
  }
  judgeGaps(broker, tables, stopped, judgement)
  return judgement
}

/** A tick where it belongs, as text: `place is table, id, time and price`, or `place is kind and reason` in quarantine. */
function judgeTicks(
  records: readonly ScriptRecord[],
  lost: readonly Row[],
  good: readonly [string, Row][],
  quarantine: readonly Row[],
  judgement: Judgement,
): void {
  const expected = new Map<string, string>()
  const priceOf = new Map<string, number>()
  for (const [offset, { kind, ticks, refused }] of records.entries()) {
    if (lost.some(row => offset >= row.first_offset && offset <= row.last_offset)) continue
    if (refused) {
      expected.set(`${offset} 0`, `${kind.name} ${refused} of ${ticks.length}`)
      continue
    }
    for (const [index, tick] of ticks.entries()) {
      // An id belongs to one trade at a time.
      const key = `${tick.symbol} ${tick.id} ${tick.micros}`
      const known = priceOf.get(key)
      const repeated = known === undefined ? undefined : known === tick.price ? 'trade_repeated' : 'conflicting_id'
      const reason = tick.refused ?? (kind.ids ? repeated : undefined)
      expected.set(
        `${offset} ${index}`,
        reason ? `${kind.name} ${reason} of 1` : `${kind.table} ${key} at ${tick.price}`,
      )
      if (!reason) priceOf.set(key, tick.price)
    }
  }
  judgement.ticks += expected.size
  const stored = new Set<string>()
  const found: [Row, string][] = [
    ...good.map(([table, row]): [Row, string] => [
      row,
      `${table} ${row.symbol} ${row.trade_id} ${row.timestamp / 1000n} at ${row.price}`,
    ]),
    ...quarantine.flatMap(placesOf).map((row): [Row, string] => [row, `${row.kind} ${row.reason} of ${row.ticks}`]),
  ]
  for (const [row, is] of found) {
    const place = `${row.log_offset} ${row.log_index}`
    if (stored.has(place)) judgement.doubled++
    else if (expected.get(place) !== is)
      judgement.wrong.push(`${place} is ${is} where ${expected.get(place) ?? 'nothing'} belongs`)
    stored.add(place)
  }
  for (const place of expected.keys()) if (!stored.has(place)) judgement.lost++
}

/** A row of counted repeats as one row for each of them; any other as it is. */
function placesOf(row: Row): Row[] {
  if (row.reason !== 'trade_repeated') return [row]
  const places = (JSON.parse(row.raw).at as [number, number, number][]).flatMap(([offset, first, last]) =>
    Array.from({ length: last - first + 1 }, (_, at) => ({
      ...row,
      log_offset: offset,
      log_index: first + at,
      ticks: 1,
    })),
  )
  // A count of its own that is wrong belongs nowhere.
  return places.length === Number(row.ticks) ? places : [row]
}

/** Only what the log dropped may be called lost. */
function judgeLost(first: number, lost: readonly Row[], judgement: Judgement): void {
  for (const { first_offset, last_offset } of lost)
    if (first_offset > last_offset || last_offset >= first)
      judgement.wrong.push(`called lost: ${first_offset} to ${last_offset}, the log begins at ${first}`)
}

/** A record has its own time and is under that day: what a clock said before or after does not matter, but for a little that is held. */
function judgeDays(rows: readonly Row[], records: readonly { timestampMs: number }[], judgement: Judgement): void {
  for (const { log_offset, log_day, logged_at } of rows) {
    const ownMs = records[log_offset]?.timestampMs ?? Infinity
    const heldMs = logged_at * 1000 - Math.floor(ownMs / 1000) * 1000
    if (heldMs < 0 || heldMs > HELD_MS_MAX || log_day !== Math.floor(logged_at / 86_400))
      judgement.wrong.push(
        `offset ${log_offset} is under day ${log_day}, logged at ${logged_at}, where ${ownMs} ms belongs`,
      )
  }
}

/**
 * May a row be of the run that those with lower ids are of? Its time is not before that of the last of them, but for what no table can
 * decide: it came behind that one and is not the earliest, and either the clock of that one alone was ahead, or its id is the next, so
 * that the venue's clock may have been set back.
 */
function mayFollow(lower: readonly Row[], row: Row): boolean {
  const last = lower.at(-1)
  if (last === undefined || row.timestamp >= last.timestamp) return true
  const came = lower.filter(other => isBehind(row, other))
  const later = came.filter(other => other.timestamp > row.timestamp)
  if (came.at(-1) !== last || later.length === came.length) return false
  return later.length === 1 || row.trade_id === last.trade_id + 1
}

const isBehind = (row: Row, other: Row): boolean =>
  (row.log_offset - other.log_offset || row.log_index - other.log_index) > 0

/** What a refused tick says of itself. */
function statedIn({ raw }: Row): { id: number; timestamp: bigint } {
  const { trade_id, timestamp } = JSON.parse(raw)
  return { id: Number(trade_id), timestamp: BigInt(timestamp) }
}

/** Is a tick that came behind the first of these rows of their run, by its id and its time? They rise by id. */
function isWithin(rows: readonly Row[], tick: Row & { id: number }): boolean {
  const next = rows.findIndex(row => row.trade_id > tick.id)
  if (next < 1 || tick.timestamp < rows[next - 1]!.timestamp || tick.timestamp > rows[next]!.timestamp) return false
  return rows.some(row => isBehind(tick, row))
}

/**
 * Ids of a run rise with time; every one between its first and last that is not stored is in an open gap of it, or came with a refused tick.
 * A run begins where ids do not go on, and not elsewhere. A partition that was stopped has not been asked for its gaps since.
 */
function judgeGaps(
  broker: SimulatedBroker,
  tables: Tables,
  stopped: (partition: number) => boolean,
  judgement: Judgement,
): void {
  const gaps = finalGaps(tables.of('gaps'))
  const running = tables.of('trades').filter(row => !stopped(row.log_partition))
  const allRefused = tables
    .of('quarantine')
    .filter(row => row.reason === 'price_out_of_range')
    .map(row => ({ ...row, ...statedIn(row) }))
  const refused = Map.groupBy(
    allRefused.filter(row => row.trade_id > 0),
    row => `${row.symbol} ${row.id_run}`,
  )
  for (const [key, trades] of Map.groupBy(running, row => `${row.symbol} ${row.id_run}`)) {
    const ids = new Set(trades.map(row => row.trade_id))
    if (ids.size < trades.length) judgement.wrong.push(`run ${key} has an id twice`)
    const rising = trades.toSorted((a, b) => a.trade_id - b.trade_id)
    const all = [...(refused.get(key) ?? []), ...trades].sort((a, b) => a.trade_id - b.trade_id)
    const disorder = all.find((row, at) => !mayFollow(all.slice(0, at), row))
    if (disorder) judgement.wrong.push(`run ${key}: the time of id ${disorder.trade_id} is of another run`)
    const idsCame = new Set(all.map(row => row.trade_id))
    const came = (id: number) => idsCame.has(id)
    const [first, last] = [rising[0]!.trade_id, rising.at(-1)!.trade_id]
    const own = gaps.filter(row => `${row.symbol} ${row.id_run}` === key)
    if (last - first > SPAN_IDS_MAX || own.some(row => row.last_id - row.first_id > SPAN_IDS_MAX)) {
      judgement.wrong.push(`run ${key} spans ids ${first} to ${last}: an absurd one is of no run`)
      continue
    }
    for (const row of allRefused)
      if (row.symbol === trades[0]!.symbol && row.trade_id === 0 && !came(row.id) && isWithin(all, row))
        judgement.wrong.push(`${key} ${row.id} came with a refused tick and is missing`)
    for (let id = first; id < last; id++) {
      if (!came(id) && !own.some(row => row.state === 'open' && id >= row.first_id && id <= row.last_id))
        judgement.wrong.push(`${key} ${id} is missing and in no open gap`)
    }
    for (const row of own) {
      let missing = 0
      for (let id = row.first_id; id <= row.last_id; id++) if (!came(id)) missing++
      if (row.missing !== missing || (row.state === 'open') !== missing > 0)
        judgement.wrong.push(
          `gap ${key} ${row.first_id} to ${row.last_id} is ${row.state} with ${row.missing} missing, not ${missing}`,
        )
    }
  }
  const begun = Map.groupBy(
    broker.partitions.flatMap(({ records }) => records.flatMap(({ ticks }) => ticks)),
    tick => tick.symbol,
  )
  for (const [symbol, trades] of Map.groupBy(running, row => row.symbol)) {
    const runs = new Set(trades.map(row => row.id_run)).size
    const breaks = (begun.get(symbol) ?? []).filter(
      ({ fault }) => fault === 'ids began again' || fault === 'absurd id',
    ).length
    // Another script goes on where the log lost records: its ids do not.
    const replaced = trades.some(row => broker.partitions[row.log_partition]!.before)
    if (!replaced && runs > 1 + breaks)
      judgement.wrong.push(`${symbol} has ${runs} runs of ids, which broke ${breaks} times`)
  }
}
