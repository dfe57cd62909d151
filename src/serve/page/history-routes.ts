/** History from the tables, for the page: log, availability, audits, gaps, archived segments. Answers: `protocol.ts`. */
import type { FastifyInstance } from 'fastify'
import { MS_PER_DAY } from '../../clock.ts'
import { TickhouseError } from '../../errors.ts'
import { lastAudits } from '../../status/last-audits.ts'
import type { Store } from '../../store/store.ts'
import type { Level } from '../../telemetry/events.ts'
import { wholeNumber } from '../http/whole-number.ts'
import type { Limiter } from '../sql/limiter.ts'
import type { ArchivedSegment, LogEntriesAnswer, MissingTrades, StoredLogEntry, UptimeAnswer } from './protocol.ts'

const ENTRIES_PER_ANSWER = 200
const WORDS_MAX = 8
/** Days searched per query, back from its start; the next query continues there. */
const SEARCHED_DAYS = 31
const UPTIME_DAYS_MAX = 400
const SEGMENTS = 20
const GAPS = 100
/** The interval of the table's rows: `telemetry-writer.ts`. Two processes that both write them count once. */
const SLOT_SECONDS = 10
const RECENT_STEP_SECONDS = 900
const LEVELS: readonly Level[] = ['debug', 'info', 'warn', 'error']

type Query = Partial<Record<'text' | 'level' | 'station' | 'before' | 'days', string>>

/** Queries run within the limiter's slots: a search through a month of log costs as much as a client's query. */
export function serveHistory(server: FastifyInstance, store: Store, limiter: Limiter): void {
  server.get<{ Querystring: Query }>('/api/lines', ({ query }) => limiter.run(() => entriesBefore(store, query)))
  server.get<{ Querystring: Query }>('/api/uptime', ({ query }) =>
    limiter.run(() => uptime(store, wholeNumber('days', query.days ?? '90'))),
  )
  server.get('/api/audits', () => limiter.run(() => lastAudits(store)))
  server.get('/api/gaps', () => limiter.run(() => missingTrades(store)))
  server.get('/api/slices', () => limiter.run(() => segments(store)))
}

async function entriesBefore(
  store: Store,
  { text = '', level = 'debug', station = '', before }: Query,
): Promise<LogEntriesAnswer> {
  if (!LEVELS.includes(level as Level)) throw refused(`unknown level: ${level}`)
  const beforeMs = before === undefined ? Date.now() : wholeNumber('before', before)
  const words = text.split(/\s+/).filter(Boolean).slice(0, WORDS_MAX)
  const sinceMs = beforeMs - SEARCHED_DAYS * MS_PER_DAY
  const found = words.map(
    (_, index) => `AND positionCaseInsensitiveUTF8(concat(event, ' ', text), {word${index}:String}) > 0`,
  )
  const rows = await store.rows<Omit<StoredLogEntry, 'atMs'> & { atMs: string }>(
    `SELECT toString(toUnixTimestamp64Milli(at)) AS atMs, toString(level) AS level, station, process, event, text
     FROM events
     WHERE at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC') AND at < fromUnixTimestamp64Milli({before:Int64}, 'UTC')
       AND events.level >= {level:String} AND ({station:String} = '' OR station = {station:String}) ${found.join(' ')}
     ORDER BY at DESC, instance DESC, id DESC LIMIT ${ENTRIES_PER_ANSWER}`,
    {
      since: sinceMs,
      before: beforeMs,
      level,
      station,
      ...Object.fromEntries(words.map((word, index) => [`word${index}`, word])),
    },
  )
  const entries = rows.map(row => ({ ...row, atMs: Number(row.atMs) })).reverse()
  if (entries.length < ENTRIES_PER_ANSWER) return { lines: entries, searchedToMs: sinceMs }
  // The limit may have cut the first millisecond: its entries come with the next answer.
  const firstMs = entries[0]!.atMs
  const whole = entries.filter(({ atMs }) => atMs > firstMs)
  return whole.length === 0 ? { lines: entries, searchedToMs: firstMs } : { lines: whole, searchedToMs: firstMs + 1 }
}

async function uptime(store: Store, days: number): Promise<UptimeAnswer> {
  const samples = (step: string, since: string) =>
    store.rows<{ start: string; covered: number; recorded: number; stored: number }>(
      `SELECT toString(toUnixTimestamp(${step})) AS start, toUInt32(count() * ${SLOT_SECONDS}) AS covered,
              toUInt32(countIf(recorded) * ${SLOT_SECONDS}) AS recorded, toUInt32(countIf(stored) * ${SLOT_SECONDS}) AS stored
       FROM (
         SELECT toStartOfInterval(at, INTERVAL ${SLOT_SECONDS} SECOND) AS slot, max(recorded) AS recorded, max(stored) AS stored
         FROM uptime WHERE at >= ${since} GROUP BY slot
       ) GROUP BY start ORDER BY start`,
    )
  const periods = (rows: Awaited<ReturnType<typeof samples>>) =>
    rows.map(({ start, ...seconds }) => ({ startMs: Number(start) * 1000, ...seconds }))
  const whole = Math.min(days, UPTIME_DAYS_MAX)
  return {
    days: periods(await samples(`toStartOfDay(slot)`, `toStartOfDay(now('UTC')) - INTERVAL ${whole - 1} DAY`)),
    recent: periods(
      await samples(`toStartOfInterval(slot, INTERVAL ${RECENT_STEP_SECONDS} SECOND)`, `now('UTC') - INTERVAL 1 DAY`),
    ),
  }
}

/** The gaps found last with ids that are missing, newest first. */
function missingTrades(store: Store): Promise<MissingTrades[]> {
  return store.rows<MissingTrades>(
    `SELECT venue, symbol, toString(first_id) AS first, toString(last_id) AS last, toFloat64(missing) AS missing,
            toFloat64(refused) AS refused, toString(state) AS state, reason, cause, detail,
            toFloat64(toUnixTimestamp64Milli(found_at)) AS foundAtMs
     FROM gaps_final WHERE gaps_final.state IN ('open', 'unrepairable') ORDER BY found_at DESC, first_id LIMIT ${GAPS}`,
  )
}

/** The segments archived last, newest first. */
function segments(store: Store): Promise<ArchivedSegment[]> {
  return store.rows<ArchivedSegment>(
    `SELECT kind, toUInt16(log_partition) AS partition, toFloat64(toUnixTimestamp(slice_start)) * 1000 AS startMs,
            toFloat64(rows) AS rows, toFloat64(bytes) AS bytes, toString(state) AS state, key, sha256,
            toFloat64(toUnixTimestamp64Milli(verified_at)) AS verifiedAtMs
     FROM archive_ledger FINAL WHERE key != '' ORDER BY verified_at DESC, kind LIMIT ${SEGMENTS}`,
  )
}

function refused(message: string): TickhouseError {
  return new TickhouseError('query_failed', message, '')
}
