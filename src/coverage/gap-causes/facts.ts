/** What the tables state about gaps: `GapFacts`. Times are ms since 1970 UTC. */
import type { Store } from '../../store/store.ts'
import { restingTimes, symbolKey } from '../facts.ts'
import { type GapFacts, SAMPLE_MS_MAX } from './cause.ts'
import type { PendingGap } from './pending.ts'
import { refusedIds } from './refused.ts'

/** The venue's clock and ours may differ by this much, and its frames take time. */
const CLOCKS_APART_MS = 2_000
/** Gaps of a venue whose times are that close share their queries: one lost connection leaves a gap in each symbol. */
const TOGETHER_MS = 60_000
/** Events and samples of one query: a day of samples is 8,640. */
const ROWS_MAX = 20_000

export interface Window {
  fromMs: number
  toMs: number
}

type Between = NonNullable<GapFacts['between']>

/** The facts about each gap. A few queries for each gap, and for each group of gaps of a venue at one time. */
export async function factsOf(store: Store, gaps: readonly PendingGap[]): Promise<Map<PendingGap, GapFacts>> {
  const refused = await refusedIds(store, gaps)
  const facts = new Map<PendingGap, GapFacts>()
  for (const [venue, own] of Map.groupBy(gaps, each => each.venue)) {
    const placed: { gap: PendingGap; between: Between }[] = []
    for (const gap of own) {
      const between = gap.known.cause === '' ? await betweenOf(store, gap) : null
      const ids = gap.last - gap.first + 1
      const known = { ids, refused: refused.get(gap) ?? { count: 0, reason: '' }, between }
      const none = {
        lost: [],
        startedMs: [],
        samples: [],
        receivedUnsampled: false,
        eventsSinceMs: Infinity,
        resting: undefined,
      }
      facts.set(gap, { ...known, ...none })
      if (between && known.refused.count === 0 && gap.known.cause === '') placed.push({ gap, between })
    }
    for (const group of together(placed)) {
      const around = await aroundOf(store, venue, group.window)
      for (const { gap, between } of group.gaps)
        facts.set(gap, { ...facts.get(gap)!, ...(await around(gap.symbol, between)) })
    }
  }
  return facts
}

/** By our clock if both trades beside it are stored as they were received, else by the venue's. */
async function betweenOf(store: Store, gap: PendingGap): Promise<Between | null> {
  const { venue, symbol, run, first, last, afterMicros, beforeMicros } = gap
  if (afterMicros === 0 || beforeMicros === 0) return null
  const near = (name: string) =>
    `timestamp BETWEEN fromUnixTimestamp64Micro({${name}:Int64} - 1000, 'UTC') AND fromUnixTimestamp64Micro({${name}:Int64} + 1000, 'UTC')`
  const rows = await store.rows<{ id: string; received: string }>(
    `SELECT toString(trade_id) AS id, toString(toUnixTimestamp64Micro(received_at)) AS received FROM trades
     WHERE venue = {venue:String} AND symbol = {symbol:String} AND id_run = {run:UInt16} AND origin = 'live'
       AND trade_id IN ({before:UInt64}, {after:UInt64}) AND (${near('afterAt')} OR ${near('beforeAt')})`,
    {
      venue,
      symbol,
      run,
      before: Math.max(0, first - 1),
      after: last + 1,
      afterAt: afterMicros,
      beforeAt: beforeMicros,
    },
  )
  const received = (id: number) => {
    const row = rows.find(one => Number(one.id) === id)
    return row && Number(row.received) / 1000
  }
  const [from, to] = [received(first - 1), received(last + 1)]
  if (from !== undefined && to !== undefined && from <= to) return { fromMs: from, toMs: to }
  return { fromMs: afterMicros / 1000 - CLOCKS_APART_MS, toMs: beforeMicros / 1000 + CLOCKS_APART_MS }
}

function together(placed: readonly { gap: PendingGap; between: Between }[]) {
  const groups: { window: Window; gaps: { gap: PendingGap; between: Between }[] }[] = []
  for (const each of placed.toSorted((a, b) => a.between.fromMs - b.between.fromMs)) {
    const last = groups.at(-1)
    if (last && each.between.fromMs <= last.window.toMs + TOGETHER_MS) {
      last.gaps.push(each)
      last.window.toMs = Math.max(last.window.toMs, each.between.toMs)
    } else groups.push({ window: { ...each.between }, gaps: [each] })
  }
  return groups
}

const LOST: Readonly<Record<string, string>> = {
  connection_lost: 'connection lost',
  connection_silent: 'connection found silent',
  subscription_ended: 'subscription ended',
  subscription_rejected: 'subscription refused',
  symbols_silent: 'subscription found silent',
}

interface EventRow {
  ms: string
  event: string
  instance: string
  symbols: string
}

/** Reads what happened at a venue in a window; the result states it for a part of it. */
async function aroundOf(store: Store, venue: string, window: Window) {
  const span = { from: Math.floor(window.fromMs) - SAMPLE_MS_MAX, to: Math.ceil(window.toMs) + SAMPLE_MS_MAX }
  const between = (column: string) =>
    `${column} BETWEEN fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND fromUnixTimestamp64Milli({to:Int64}, 'UTC')`
  const events = await store.rows<EventRow>(
    `SELECT toString(toUnixTimestamp64Milli(at)) AS ms, event, instance, fields['symbols'] AS symbols FROM events
     WHERE ${between('at')} AND ((fields['venue'] = {venue:String} AND event IN {names:Array(String)}) OR event = 'log_opened')
     ORDER BY at, id LIMIT ${ROWS_MAX}`,
    { ...span, venue, names: [...Object.keys(LOST), 'connection_opened'] },
  )
  const uptime = await store.rows<{ ms: string; recorded: number }>(
    `SELECT toString(toUnixTimestamp64Milli(at)) AS ms, toUInt8(recorded) AS recorded FROM uptime WHERE ${between('at')}
     ORDER BY at LIMIT ${ROWS_MAX}`,
    span,
  )
  const [kept] = await store.rows<{ ms: string }>(
    'SELECT toString(toUnixTimestamp64Milli(min(at))) AS ms FROM events HAVING count() > 0',
  )
  const eventsSinceMs = kept ? Number(kept.ms) : Number.POSITIVE_INFINITY
  const samples = uptime.map(({ ms, recorded }) => ({ atMs: Number(ms), recorded: recorded === 1 }))
  const resting = await restingTimes(store, { from: Math.floor(span.from / 1000), to: Math.ceil(span.to / 1000) })
  // A first trade may come before the event of its connection.
  const connecting = new Set(
    events.filter(({ event }) => event === 'connection_opened').map(({ instance }) => instance),
  )
  return async (symbol: string, { fromMs, toMs }: Between): Promise<Partial<GapFacts>> => {
    const within = events.filter(({ ms }) => Number(ms) >= Math.floor(fromMs) && Number(ms) <= toMs)
    const own = samples.filter(({ atMs }) => atMs >= fromMs - SAMPLE_MS_MAX && atMs <= toMs + SAMPLE_MS_MAX)
    const rest = resting.get(symbolKey(venue, symbol))?.find(({ from, to }) => from * 1000 < toMs && to * 1000 > fromMs)
    return {
      lost: within
        .filter(({ event, symbols }) => event in LOST && (event.startsWith('connection') || names(symbols, symbol)))
        .map(({ ms, event }) => ({ atMs: Number(ms), words: LOST[event]! })),
      startedMs: within
        .filter(({ event, instance }) => event === 'log_opened' && connecting.has(instance))
        .map(({ ms }) => Number(ms)),
      samples: own,
      eventsSinceMs,
      receivedUnsampled: hasHole(own) && (await isReceived(store, venue, own)),
      resting: rest && { sinceMs: rest.from * 1000, status: rest.status },
    }
  }
}

const names = (symbols: string, symbol: string): boolean => symbols.split(/[\s,]+/).includes(symbol)

const hasHole = (samples: GapFacts['samples']): boolean =>
  samples.some(({ atMs }, at) => at > 0 && atMs - samples[at - 1]!.atMs > SAMPLE_MS_MAX)

/** Whether a trade of the venue was received in a hole of the samples: the storing process was stopped, and the recorder was not. */
async function isReceived(store: Store, venue: string, samples: GapFacts['samples']): Promise<boolean> {
  for (const [at, { atMs }] of samples.entries()) {
    const next = samples[at + 1]
    if (!next || next.atMs - atMs <= SAMPLE_MS_MAX) continue
    const rows = await store.rows(
      `SELECT 1 FROM trades WHERE venue = {venue:String} AND origin = 'live'
         AND log_day BETWEEN toDate(fromUnixTimestamp64Milli({from:Int64}, 'UTC')) AND toDate(fromUnixTimestamp64Milli({to:Int64}, 'UTC'))
         AND received_at BETWEEN fromUnixTimestamp64Milli({from:Int64} + 10000, 'UTC') AND fromUnixTimestamp64Milli({to:Int64} - 1000, 'UTC')
       LIMIT 1`,
      { venue, from: atMs, to: next.atMs },
    )
    if (rows.length > 0) return true
  }
  return false
}
