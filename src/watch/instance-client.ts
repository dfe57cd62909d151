/**
 * A watched tickhouse over HTTP: its health and its data. Nothing else is shared with it: no file, no log, no database.
 */
import { z } from 'zod'
import { MS_PER_DAY, MS_PER_HOUR } from '../clock.ts'
import { SUBSCRIPTION_STATES } from '../sources/connection/status.ts'
import { followedIn, type HealthAnswer } from '../status/health.ts'
import type { WatchReport } from '../status/watch-report.ts'
import { type HourOfTicks, SLOT_MS } from './alerts/gap-model.ts'
import type { Differing, Drifted, SwitchedOff, Unverified } from './alerts/lab-conditions.ts'
import { differingStatement, driftedStatement, time, unverifiedStatement } from './lab-statements.ts'

/** An instance that answers later than this counts as down. */
export const ANSWER_MS_MAX = 5_000
/** Reading an hour of a busy market takes longer. */
const QUERY_MS_MAX = 30_000
/** An hour's ticks are searched by venue time, the order of the table, with this margin on both sides. */
const VENUE_CLOCK_OFF_MS_MAX = 15 * 60_000
/** Ticks fetched later to fill a gap were not received when the venue sent them. */
const RECEIVED_LIVE = `origin != 'repair'`
/** Symbols in one answer. Further ones are not watched: docs/watch.md states the limit. */
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

/** Why a request failed; an unreadable answer counts too. */
export class NoAnswer extends Error {
  /** Of an answer that is an error. */
  status?: number
}

const stage = z.object({
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
  symbols: z
    .array(
      z.object({
        venue: z.string(),
        kind: z.string(),
        states: z.partialRecord(z.enum(SUBSCRIPTION_STATES), z.number()),
      }),
    )
    .default([]),
  symbolsDown: z.array(
    z.object({
      venue: z.string(),
      symbol: z.string(),
      kind: z.string(),
      state: z.string(),
      detail: z.string(),
      forMs: z.number(),
    }),
  ),
  venues: z.array(z.object({ venue: z.string(), state: z.string(), upcoming: z.string() })),
  stations: z.partialRecord(z.enum(['sources', 'log', 'ingest', 'store', 'archive']), stage),
  audit: z.object({ atMs: z.number(), passed: z.boolean(), detail: z.string() }).nullable(),
  diskFreeBytes: z.number().nullable(),
  diskFreeBytesMin: z.number(),
  archiveBehindMs: z.number().nullable(),
}) satisfies z.ZodType<HealthAnswer, unknown>

const OFFER = z.object({ key: z.string(), request: z.string() })

export class InstanceClient {
  /** Without a trailing slash. */
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
    const answer = await this.#fetch('/health', {}, this.#answerMsMax)
    const parsed = HEALTH.safeParse(await toJson(answer))
    if (parsed.success) return parsed.data
    throw new NoAnswer(
      this.#token === undefined
        ? 'it requires a token: set TICKHOUSE_TOKEN'
        : 'wrong token or other version: compare TICKHOUSE_TOKEN and the versions',
    )
  }

  /**
   * When the newest tick of each symbol was received, for symbols with a tick since `sinceMs` venue time. Throws
   * NoAnswer.
   */
  async newestTicks(sinceMs: number): Promise<NewestTick[]> {
    const rows = await this.#query<[string, string, string]>(
      `SELECT venue, symbol, toUnixTimestamp64Milli(max(received_at))
       FROM trades WHERE ${sinceDay(sinceMs)} AND timestamp >= ${time(sinceMs)} AND ${RECEIVED_LIVE}
       GROUP BY venue, symbol ORDER BY venue, symbol LIMIT ${SYMBOLS_MAX}`,
    )
    return rows.map(([venue, symbol, newest]) => ({ venue, symbol, newestMs: Number(newest) }))
  }

  /** A summary of the ticks that each symbol received in an hour, the same as `hourOfTicks`. Throws NoAnswer. */
  async hour(hourMs: number): Promise<SymbolHour[]> {
    const slot = `intDiv(toUnixTimestamp64Milli(received_at), ${SLOT_MS})`
    const untilMs = hourMs + MS_PER_HOUR
    const fromVenueMs = hourMs - VENUE_CLOCK_OFF_MS_MAX
    const rows = await this.#query<[string, string, ...string[]]>(
      `SELECT venue, symbol, slots[1] * ${SLOT_MS}, slots[-1] * ${SLOT_MS}, length(slots), length(pauses),
              arraySum(pauses) * ${SLOT_MS}, arrayMax(arrayConcat([0], gaps)) * ${SLOT_MS}
       FROM (
         SELECT venue, symbol, arraySort(groupUniqArray(${slot})) AS slots,
                arrayPopFront(arrayDifference(slots)) AS gaps, arrayFilter(gap -> gap > 1, gaps) AS pauses
         FROM trades
         WHERE received_at >= ${time(hourMs)} AND received_at < ${time(untilMs)} AND ${RECEIVED_LIVE}
           AND ${sinceDay(fromVenueMs)} AND timestamp >= ${time(fromVenueMs)} AND timestamp < ${time(untilMs + VENUE_CLOCK_OFF_MS_MAX)}
         GROUP BY venue, symbol ORDER BY venue, symbol LIMIT ${SYMBOLS_MAX}
       )`,
    )
    return rows.map(([venue, symbol, ...numbers]) => {
      const [firstMs, lastMs, beats, pauses, pausedMs, longestMs] = numbers.map(Number) as [
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

  /** The strategies of live runs of the lab that a limit switched off, for the day or permanently. None of an instance without a lab. Throws NoAnswer. */
  async switchedOff(nowMs: number): Promise<SwitchedOff[]> {
    const rows = await this.#query<[string, string, string, number, number, string]>(
      `SELECT r.name, l.strategy, argMax(l.limit_name, l.at), argMax(l.value, l.at), argMax(l.bound, l.at),
              toUnixTimestamp64Milli(toDateTime64(max(l.at), 3))
       FROM lab_limits AS l
       INNER JOIN (SELECT run, any(portfolio) AS name FROM lab_runs WHERE mode = 'live' GROUP BY run
         HAVING argMax(state, written_at) = 'running') AS r ON l.run = r.run
       WHERE l.action IN ('flattened, off', 'flattened, off for the day')
         AND (l.action = 'flattened, off' OR l.at >= ${time(nowMs - (nowMs % MS_PER_DAY))})
       GROUP BY r.name, l.strategy ORDER BY r.name, l.strategy LIMIT ${SYMBOLS_MAX}`,
    ).catch(noneWithoutLab)
    return rows.map(([portfolio, strategy, limit, value, bound, at]) => ({
      ...{ portfolio, strategy, limit, value: Number(value), bound: Number(bound), atMs: Number(at) },
    }))
  }

  /** The live runs whose newest verification, at most a week ago, found a difference. None of an instance without a lab. Throws NoAnswer. */
  async differing(nowMs: number): Promise<Differing[]> {
    const rows = await this.#query<[string, string, string, string]>(differingStatement(nowMs, SYMBOLS_MAX)).catch(
      noneWithoutLab,
    )
    return rows.map(([run, portfolio, difference, at]) => ({ run, portfolio, difference, atMs: Number(at) }))
  }

  /** The live runs of which a UTC day should have been verified by now. None of an instance without a lab. Throws NoAnswer. */
  async unverified(nowMs: number): Promise<Unverified[]> {
    const rows = await this.#query<[string, string, string, string, string]>(
      unverifiedStatement(nowMs, SYMBOLS_MAX),
    ).catch(noneWithoutLab)
    return rows.map(([run, portfolio, played, verified, due]) => ({
      ...{ run, portfolio, playedUntilMs: Number(played), verifiedUntilMs: Number(verified), dueMs: Number(due) },
    }))
  }

  /** The strategies of live runs whose models drifted lately. None of an instance without a lab. Throws NoAnswer. */
  async drifted(nowMs: number): Promise<Drifted[]> {
    const rows = await this.#query<[string, string, [string, number][], number, string]>(
      driftedStatement(nowMs, SYMBOLS_MAX),
    ).catch(noneWithoutLab)
    return rows.map(([portfolio, strategy, features, bound, at]) => ({
      ...{ portfolio, strategy, bound, atMs: Number(at) },
      features: features.map(([name, index]) => ({ name, index })),
    }))
  }

  /** Sends a report to the instance, for its page. Throws NoAnswer. */
  async report(report: WatchReport): Promise<void> {
    await this.#put('/api/watch', report, this.#answerMsMax)
  }

  /** The newest checkpoint of the archive's log, for a witness that knows the one of `old` entries; null if it seals nothing. Throws NoAnswer. */
  async checkpoint(old: number): Promise<{ key: string; request: string } | null> {
    const answer = await this.#fetch(`/api/tlog/checkpoint?old=${old}`, {}, QUERY_MS_MAX).catch(error => {
      if ((error as NoAnswer).status === 404) return null
      throw error
    })
    const parsed = answer && OFFER.safeParse(await toJson(answer))
    if (parsed?.success === false) throw new NoAnswer('unreadable answer to a request for a checkpoint')
    return parsed?.data ?? null
  }

  /** Gives it a cosigned checkpoint. Throws NoAnswer. */
  async cosignature(witness: string, note: string): Promise<void> {
    await this.#put('/api/tlog/cosignature', { witness, note }, QUERY_MS_MAX)
  }

  async #query<Row>(query: string): Promise<Row[]> {
    const target = '/api/query?format=JSONCompactEachRow'
    const answer = await this.#fetch(
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
      throw new NoAnswer(`unreadable answer to a query: ${text.slice(0, 200)}`)
    }
  }

  async #put(target: string, value: unknown, msMax: number): Promise<void> {
    const headers = { 'content-type': 'application/json' }
    await this.#fetch(target, { method: 'PUT', body: JSON.stringify(value), headers }, msMax)
  }

  async #fetch(target: string, request: RequestInit, msMax: number): Promise<Response> {
    const headers = { ...request.headers, ...(this.#token && { authorization: `Bearer ${this.#token}` }) }
    const signal = AbortSignal.timeout(msMax)
    const answer = await fetch(this.url + target, { ...request, headers, signal }).catch(error => {
      throw new NoAnswer(signal.aborted ? `no answer within ${msMax / 1000} s` : reasonOf(error))
    })
    if (answer.ok) return answer
    const body = await answer.text().catch(() => '')
    const { status } = answer
    throw Object.assign(new NoAnswer(`${target.split('?')[0]} answered with status ${status}: ${body.slice(0, 300)}`), {
      status,
    })
  }
}

/** An earlier version has no such table. */
function noneWithoutLab(error: NoAnswer): never[] {
  if (error.status !== undefined && /lab_(limits|runs|verifications)/.test(error.message)) return []
  throw error
}

/** The log days that may contain ticks since then: late ticks and repairs are in later ones. */
function sinceDay(ms: number): string {
  return `log_day >= toDate(${Math.floor(ms / 1000)}, 'UTC')`
}

async function toJson(answer: Response): Promise<unknown> {
  try {
    return await answer.json()
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw new NoAnswer(`the answer was cut off: ${reasonOf(error)}`)
  }
}

/** The cause of a failed `fetch`. */
export function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0])
  return cause instanceof Error ? cause.message : message
}
