/**
 * Statements of untrusted clients, limited by this process: the engine alone checks its limits only between blocks. A
 * statement that exceeds its time or the bytes of its answer, or whose client has left, is abandoned immediately and
 * killed in the engine.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { ClickHouseError } from '@clickhouse/client'
import type { Session } from 'chdb'
import { AbandonedQuery, answerTooLong } from '../query-errors.ts'
import { ANSWER_BYTES_MAX, literal, type SqlAnswer, type SqlStatement, toEngineText, UNTRUSTED_LIMITS } from '../sql.ts'
import type { EngineFailure } from './engine-failure.ts'
import { ResultPipe, type ResultPipes } from './result-pipe.ts'

/** Leaves the engine time to enforce the limit itself. */
const LATER_THAN_ENGINE_MS = 1_000
/** Time an abandoned statement may take to end before the process has to exit. */
const GRACE_MS = 30_000
/** A statement that has not started cannot be killed yet: the kill is repeated with growing delays. */
const KILL_RETRY_MS_MAX = 2_000

export interface LimitedQueryOptions {
  open: () => Session
  pipes: ResultPipes
  failure: EngineFailure
  /** The engine's error, after checking whether the engine is dead. */
  checked: (error: unknown) => Error
  graceMs?: number | undefined
}

interface Running {
  abandon: (why: ClickHouseError, overran?: boolean) => void
  ended: Promise<void>
}

export class LimitedQueries {
  readonly #options: LimitedQueryOptions
  readonly #graceMs: number
  readonly #running = new Set<Running>()
  /** Pipes for statements that have not started. */
  readonly #openingPipes = new Set<Promise<string>>()
  readonly #kills = new Set<Promise<void>>()
  #closed = false
  /** Past their time limit and not ended yet. */
  overrun = 0

  constructor(options: LimitedQueryOptions) {
    this.#options = options
    this.#graceMs = options.graceMs ?? GRACE_MS
  }

  /**
   * Runs a statement in a session of its own. Throws ClickHouseError; AbandonedQuery with TIMEOUT_EXCEEDED past its
   * `max_execution_time`, TOO_MANY_ROWS_OR_BYTES for too long an answer, QUERY_WAS_CANCELLED when the signal aborts.
   */
  async run(statement: SqlStatement, signal?: AbortSignal): Promise<SqlAnswer> {
    signal?.throwIfAborted()
    checkFormat(statement.format)
    const limitMs = 1000 * Number(statement.settings?.max_execution_time ?? UNTRUSTED_LIMITS.max_execution_time)
    const file = await this.#takePipe()
    // No await until it is in #running: `close` finds it in #openingPipes or there.
    if (this.#closed || signal?.aborted) {
      this.#options.pipes.give(file)
      throw new AbandonedQuery(this.#closed ? stopped() : cancelled(signal?.reason), Promise.resolve())
    }
    const comment = randomUUID()
    const { pipe, session, native } = this.#begin(statement, file, comment)
    const written = native.then(
      () => pipe.end(),
      () => pipe.end(),
    )
    const ended = written.then(() => {
      session.close()
      this.#options.pipes.give(file)
      this.#running.delete(running)
      clearTimeout(stuck)
    })
    const { promise: abandoned, reject } = Promise.withResolvers<never>()
    const running: Running = {
      ended,
      abandon: (why, overran) => {
        pipe.leave()
        reject(new AbandonedQuery(why, ended, overran))
        this.#kill(comment, ended)
      },
    }
    this.#running.add(running)
    const stuck = setTimeout(() => this.#options.failure.stuck(limitMs + this.#graceMs, ended), limitMs + this.#graceMs)
    const late = setTimeout(() => this.#overran(running, limitMs), limitMs + LATER_THAN_ENGINE_MS)
    const left = () => running.abandon(cancelled(signal?.reason))
    signal?.addEventListener('abort', left)
    pipe.overflowed.then(() => running.abandon(answerTooLong()))
    try {
      return await Promise.race([this.#answer(native, written), abandoned])
    } finally {
      clearTimeout(late)
      signal?.removeEventListener('abort', left)
    }
  }

  /**
   * Cancels all statements, also those that have not started, and accepts no more. Resolves with true once all have
   * ended and released the engine, with false after `waitMs`.
   */
  async close(waitMs: number): Promise<boolean> {
    this.#closed = true
    return Promise.race([this.#endAll(), sleep(waitMs, false, { ref: false })])
  }

  async #endAll(): Promise<true> {
    await Promise.allSettled(this.#openingPipes)
    const all = [...this.#running]
    for (const { abandon } of all) abandon(stopped())
    await Promise.all(all.map(({ ended }) => ended))
    await Promise.all(this.#kills)
    return true
  }

  async #takePipe(): Promise<string> {
    const taking = this.#options.pipes.take()
    this.#openingPipes.add(taking)
    try {
      return await taking
    } finally {
      this.#openingPipes.delete(taking)
    }
  }

  /** Leaves nothing open if it throws: for an invalid parameter name, or an engine without a session. */
  #begin(statement: SqlStatement, file: string, comment: string) {
    let pipe: ResultPipe | undefined
    try {
      const text = toEngineText({
        ...statement,
        query: intoPipe(statement, file),
        settings: { ...statement.settings, log_comment: comment },
      })
      pipe = new ResultPipe(file, ANSWER_BYTES_MAX)
      const session = this.#options.open()
      return { pipe, session, native: session.queryAsync(text, { format: statement.format }) }
    } catch (error) {
      Promise.resolve(pipe?.end()).then(() => this.#options.pipes.give(file))
      throw error
    }
  }

  async #answer(native: ReturnType<Session['queryAsync']>, written: Promise<Buffer>): Promise<SqlAnswer> {
    const result = await native.catch(error => {
      throw this.#options.checked(error)
    })
    const piped = await written
    return {
      bytes: piped.length > 0 ? piped : result.bytes(),
      readRows: result.rowsRead,
      readBytes: result.bytesRead,
      writtenRows: 0,
      writtenBytes: 0,
      elapsedNanos: Math.round(result.elapsed * 1e9),
    }
  }

  #overran({ abandon, ended }: Running, limitMs: number): void {
    this.overrun++
    ended.then(() => {
      this.overrun--
    })
    abandon(timedOut(limitMs), true)
  }

  #kill(comment: string, ended: Promise<void>): void {
    const kill = this.#killUntil(comment, ended)
      .catch(this.#options.checked)
      .then(() => {
        this.#kills.delete(kill)
      })
    this.#kills.add(kill)
  }

  async #killUntil(comment: string, ended: Promise<void>): Promise<void> {
    let over = false
    ended.then(() => {
      over = true
    })
    for (let waitMs = 50; !over; waitMs = Math.min(2 * waitMs, KILL_RETRY_MS_MAX)) {
      const session = this.#options.open()
      await session
        .queryAsync(`KILL QUERY WHERE Settings['log_comment'] = ${literal(comment)} ASYNC`)
        .catch(this.#options.checked)
      session.close()
      await Promise.race([ended, sleep(waitMs, undefined, { ref: false })])
    }
  }
}

/** Reads are answered through the pipe. The engine refuses all others, and EXPLAIN would explain the pipe. */
const PIPED = /^[\s(]*(SELECT|WITH|SHOW|DESC|DESCRIBE|EXISTS)\b/i
const FORMAT = /\sFORMAT\s+(\w+)\s*;?\s*$/i

function intoPipe({ query, format }: SqlStatement, file: string): string {
  if (!PIPED.test(query)) return query
  const [clause, named] = FORMAT.exec(query) ?? ['', format]
  const bare = query.slice(0, query.length - clause.length)
  return `${bare}\nINTO OUTFILE ${literal(file)} APPEND COMPRESSION 'none'\nFORMAT ${named}`
}

/** A format is not quoted in SQL: anything else there would run as a statement. */
function checkFormat(format: string): void {
  if (/^\w+$/.test(format)) return
  const message = `Unknown format ${JSON.stringify(format)}.`
  throw new ClickHouseError({ code: '73', type: 'UNKNOWN_FORMAT', message })
}

function timedOut(limitMs: number): ClickHouseError {
  const message = `Timeout exceeded: maximum: ${limitMs} ms; the query was abandoned.`
  return new ClickHouseError({ code: '159', type: 'TIMEOUT_EXCEEDED', message })
}

function stopped(): ClickHouseError {
  return cancelled(new Error('tickhouse is stopping'))
}

function cancelled(reason: unknown): ClickHouseError {
  const message = `Query was cancelled: ${(reason as Error | undefined)?.message ?? 'its client left'}.`
  return new ClickHouseError({ code: '394', type: 'QUERY_WAS_CANCELLED', message })
}
