/**
 * What a watcher asks of a house, over HTTP as anyone may: its health, and its data. Nothing else is shared with it: no file, no
 * log, no database.
 */
import { z } from 'zod'
import { followedIn, type HealthAnswer } from '../status/health.ts'
import type { WatchReport } from '../status/watch-report.ts'
import { type HourOfTicks, SLOT_MS } from './alerts/gap-model.ts'

/** A house that takes longer than this to answer is as good as away. */
export const ANSWER_MS_MAX = 5_000
/** An hour of a busy market takes the store longer. */
const QUERY_MS_MAX = 30_000
const HOUR_MS = 3_600_000
/** An hour's ticks are looked for among those of the venue's time so far around it: tables are ordered by that. */
const VENUE_CLOCK_OFF_MS_MAX = 15 * 60_000
/** What was fetched later to fill a gap was received then, and says nothing of when the venue sent. */
const AS_THEY_CAME = `origin != 'repair'`
/** Symbols of one answer: what is beyond is not watched, and said so. */
export const SYMBOLS_MAX = 5_000

/** When the newest tick of a symbol was received, ms since 1970 UTC. */
export interface NewestTick {
  venue: string
  symbol: string
  newestMs: number
}

export interface SymbolHour extends HourOfTicks {
  venue: string
  symbol: string
}

/** Why a house could not be asked, in words; an answer that is no answer counts too. */
export class NoAnswer extends Error {}

const station = z.object({
  state: z.enum(['ok', 'idle', 'behind', 'trouble', 'off']),
  advice: z.string(),
  lagMs: z.number(),
})
const HEALTH = z.object({
  state: z.enum(['ok', 'behind', 'trouble']),
  version: z.string(),
  process: z.string(),
  instance: z.string(),
  startedAtMs: z.number(),
  atMs: z.number(),
  // An older instance sends selections as text, and does not name its venues.
  following: z
    .array(z.union([z.string(), z.object({ venue: z.string(), symbols: z.array(z.string()) })]))
    .transform(all => all.flatMap(each => (typeof each === 'string' ? followedIn(each) : [each]))),
  builtInVenues: z.array(z.string()).default([]),
  symbolsDown: z.array(
    z.object({ venue: z.string(), symbol: z.string(), state: z.string(), detail: z.string(), forMs: z.number() }),
  ),
  venues: z.array(z.object({ venue: z.string(), state: z.string(), upcoming: z.string() })),
  stations: z.partialRecord(z.enum(['sources', 'log', 'ingest', 'store', 'archive']), station),
  audit: z.object({ atMs: z.number(), passed: z.boolean(), detail: z.string() }).nullable(),
  diskFreeBytes: z.number().nullable(),
  diskFreeBytesMin: z.number(),
  archiveBehindMs: z.number().nullable(),
}) satisfies z.ZodType<HealthAnswer, unknown>

export class InstanceClient {
  /** Without a slash at its end. */
  readonly url: string
  readonly #token: string | undefined
  readonly #answerMsMax: number

  constructor(url: string, token: string | undefined, answerMsMax = ANSWER_MS_MAX) {
    this.url = url
    this.#token = token
    this.#answerMsMax = answerMsMax
  }

  /** Throws NoAnswer. */
  async health(): Promise<HealthAnswer> {
    const answer = await this.#ask('/health', {}, this.#answerMsMax)
    const parsed = HEALTH.safeParse(await toJson(answer))
    if (parsed.success) return parsed.data
    throw new NoAnswer(
      this.#token === undefined
        ? 'it tells its state to nobody without its token: set TICKHOUSE_TOKEN'
        : 'its token is another, or it is of another version: compare TICKHOUSE_TOKEN and the versions',
    )
  }

  /** When the newest tick of each symbol was received, of those that have one since `sinceMs` by the venue's clock. Throws NoAnswer. */
  async newestTicks(sinceMs: number): Promise<NewestTick[]> {
    const rows = await this.#query<[string, string, string]>(
      `SELECT venue, symbol, toUnixTimestamp64Milli(max(received_at))
       FROM trades WHERE ${sinceDay(sinceMs)} AND timestamp >= ${time(sinceMs)} AND ${AS_THEY_CAME}
       GROUP BY venue, symbol ORDER BY venue, symbol LIMIT ${SYMBOLS_MAX}`,
    )
    return rows.map(([venue, symbol, newest]) => ({ venue, symbol, newestMs: Number(newest) }))
  }

  /** What each symbol's ticks that were received in an hour come to: counted as `hourOfTicks` does. Throws NoAnswer. */
  async hour(hourMs: number): Promise<SymbolHour[]> {
    const slot = `intDiv(toUnixTimestamp64Milli(received_at), ${SLOT_MS})`
    const untilMs = hourMs + HOUR_MS
    const fromVenueMs = hourMs - VENUE_CLOCK_OFF_MS_MAX
    const rows = await this.#query<[string, string, ...string[]]>(
      `SELECT venue, symbol, slots[1] * ${SLOT_MS}, slots[-1] * ${SLOT_MS}, length(slots), length(pauses),
              arraySum(pauses) * ${SLOT_MS}, arrayMax(arrayConcat([0], gaps)) * ${SLOT_MS}
       FROM (
         SELECT venue, symbol, arraySort(groupUniqArray(${slot})) AS slots,
                arrayPopFront(arrayDifference(slots)) AS gaps, arrayFilter(gap -> gap > 1, gaps) AS pauses
         FROM trades
         WHERE received_at >= ${time(hourMs)} AND received_at < ${time(untilMs)} AND ${AS_THEY_CAME}
           AND ${sinceDay(fromVenueMs)} AND timestamp >= ${time(fromVenueMs)} AND timestamp < ${time(untilMs + VENUE_CLOCK_OFF_MS_MAX)}
         GROUP BY venue, symbol ORDER BY venue, symbol LIMIT ${SYMBOLS_MAX}
       )`,
    )
    return rows.map(([venue, symbol, ...figures]) => {
      const [firstMs, lastMs, beats, pauses, pausedMs, longestMs] = figures.map(Number) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ]
      return { venue, symbol, hourMs, firstMs, lastMs, beats, pauses, pausedMs, longestMs }
    })
  }

  /** Tells the house what its watcher knows, so that its page shows it. Throws NoAnswer. */
  async tell(report: WatchReport): Promise<void> {
    const body = JSON.stringify(report)
    await this.#ask(
      '/api/watch',
      { method: 'PUT', body, headers: { 'content-type': 'application/json' } },
      this.#answerMsMax,
    )
  }

  async #query<Row>(query: string): Promise<Row[]> {
    const target = '/api/query?format=JSONCompactEachRow'
    const answer = await this.#ask(
      target,
      { method: 'POST', body: query, headers: { 'content-type': 'text/plain' } },
      QUERY_MS_MAX,
    )
    const text = await answer.text().catch(error => {
      throw new NoAnswer(reasonOf(error))
    })
    try {
      return text
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line) as Row)
    } catch {
      throw new NoAnswer(`what it answered to a query is no answer: ${text.slice(0, 200)}`)
    }
  }

  async #ask(target: string, request: RequestInit, msMax: number): Promise<Response> {
    const headers = { ...request.headers, ...(this.#token && { authorization: `Bearer ${this.#token}` }) }
    const signal = AbortSignal.timeout(msMax)
    const answer = await fetch(this.url + target, { ...request, headers, signal }).catch(error => {
      throw new NoAnswer(signal.aborted ? `no answer within ${msMax / 1000} s` : reasonOf(error))
    })
    if (answer.ok) return answer
    const said = await answer.text().catch(() => '')
    throw new NoAnswer(`it answers ${target.split('?')[0]} with status ${answer.status}: ${said.slice(0, 300)}`)
  }
}

/** The log's days that may hold ticks since then, ms: a later day is that of a late tick or a repair. */
function sinceDay(ms: number): string {
  return `log_day >= toDate(${Math.floor(ms / 1000)}, 'UTC')`
}

function time(ms: number): string {
  return `fromUnixTimestamp64Milli(${ms}, 'UTC')`
}

async function toJson(answer: Response): Promise<unknown> {
  try {
    return await answer.json()
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw new NoAnswer(`its answer breaks off: ${reasonOf(error)}`)
  }
}

/** `fetch` hides why it failed in the cause. */
export function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0])
  return cause instanceof Error ? cause.message : message
}
