/**
 * Statements of strangers, bounded by us and not by the engine alone, which looks at its limits between blocks: by time, by the bytes
 * of the answer as they come, and by whoever asked being there. One that oversteps is given up at once and killed in the engine.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { ClickHouseError } from '@clickhouse/client'
import type { Session } from 'chdb'
import { AbandonedQuery, answerTooLong } from '../query-errors.ts'
import { ANSWER_BYTES_MAX, literal, type SqlAnswer, type SqlStatement, toEngineText, UNTRUSTED_LIMITS } from '../sql.ts'
import type { EngineFailure } from './engine-failure.ts'
import { ResultPipe, type ResultPipes } from './result-pipe.ts'

/** The engine's own limit comes first where it can. */
const LATER_THAN_ENGINE_MS = 1_000
/** How long a statement that was given up may take to end before the process has to. */
const GRACE_MS = 30_000
/** A statement that has not begun yet cannot be killed: it is tried again, ever more rarely. */
const KILL_AGAIN_MS_MAX = 2_000

export interface LimitedQueryOptions {
  open: () => Session
  pipes: ResultPipes
  failure: EngineFailure
  /** The engine's error, for a caller. */
  judged: (error: unknown) => Error
  graceMs?: number | undefined
}

interface Running {
  giveUp: (why: ClickHouseError, overran?: boolean) => void
  ended: Promise<void>
}

export class LimitedQueries {
  readonly #options: LimitedQueryOptions
  readonly #graceMs: number
  readonly #running = new Set<Running>()
  /** Pipes for statements that have not begun. */
  readonly #taking = new Set<Promise<string>>()
  readonly #kills = new Set<Promise<void>>()
  #closed = false
  /** Past their time and not ended yet. */
  overrun = 0

  constructor(options: LimitedQueryOptions) {
    this.#options = options
    this.#graceMs = options.graceMs ?? GRACE_MS
  }

  /**
   * Runs a statement in a session of its own. Throws ClickHouseError; AbandonedQuery with TIMEOUT_EXCEEDED past its `max_execution_time`,
   * with TOO_MANY_ROWS_OR_BYTES where its answer is too long, with QUERY_WAS_CANCELLED when the signal aborts.
   */
  async run(statement: SqlStatement, signal?: AbortSignal): Promise<SqlAnswer> {
    signal?.throwIfAborted()
    checkFormat(statement.format)
    const limitMs = 1000 * Number(statement.settings?.max_execution_time ?? UNTRUSTED_LIMITS.max_execution_time)
    const file = await this.#takePipe()
    // From here until it is among those that run, nothing else does: whoever stops finds it here or there.
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
    const { promise: givenUp, reject } = Promise.withResolvers<never>()
    const running: Running = {
      ended,
      giveUp: (why, overran) => {
        pipe.leave()
        reject(new AbandonedQuery(why, ended, overran))
        this.#kill(comment, ended)
      },
    }
    this.#running.add(running)
    const stuck = setTimeout(() => this.#options.failure.stuck(limitMs + this.#graceMs, ended), limitMs + this.#graceMs)
    const late = setTimeout(() => this.#overran(running, limitMs), limitMs + LATER_THAN_ENGINE_MS)
    const left = () => running.giveUp(cancelled(signal?.reason))
    signal?.addEventListener('abort', left)
    pipe.overflowed.then(() => running.giveUp(answerTooLong()))
    try {
      return await Promise.race([this.#answer(native, written), givenUp])
    } finally {
      clearTimeout(late)
      signal?.removeEventListener('abort', left)
    }
  }

  /**
   * Ends all of them, those that have not begun included, and takes no more. Resolves when they have ended and nothing of them holds the
   * engine, or after so long: false if one has not.
   */
  async close(waitMs: number): Promise<boolean> {
    this.#closed = true
    return Promise.race([this.#endAll(), sleep(waitMs, false, { ref: false })])
  }

  async #endAll(): Promise<true> {
    await Promise.allSettled(this.#taking)
    const all = [...this.#running]
    for (const { giveUp } of all) giveUp(stopped())
    await Promise.all(all.map(({ ended }) => ended))
    await Promise.all(this.#kills)
    return true
  }

  async #takePipe(): Promise<string> {
    const taking = this.#options.pipes.take()
    this.#taking.add(taking)
    try {
      return await taking
    } finally {
      this.#taking.delete(taking)
    }
  }

  /** Leaves nothing open where it throws: a parameter's name may be none, the engine may have no session. */
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
      throw this.#options.judged(error)
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

  #overran({ giveUp, ended }: Running, limitMs: number): void {
    this.overrun++
    ended.then(() => {
      this.overrun--
    })
    giveUp(timedOut(limitMs), true)
  }

  #kill(comment: string, ended: Promise<void>): void {
    const kill = this.#killUntil(comment, ended)
      .catch(this.#options.judged)
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
    for (let waitMs = 50; !over; waitMs = Math.min(2 * waitMs, KILL_AGAIN_MS_MAX)) {
      const session = this.#options.open()
      await session
        .queryAsync(`KILL QUERY WHERE Settings['log_comment'] = ${literal(comment)} ASYNC`)
        .catch(this.#options.judged)
      session.close()
      await Promise.race([ended, sleep(waitMs, undefined, { ref: false })])
    }
  }
}

/** What reads is answered through the pipe; the rest is refused by the engine, and EXPLAIN would explain the pipe. */
const PIPED = /^[\s(]*(SELECT|WITH|SHOW|DESC|DESCRIBE|EXISTS)\b/i
const FORMAT = /\sFORMAT\s+(\w+)\s*;?\s*$/i

function intoPipe({ query, format }: SqlStatement, file: string): string {
  if (!PIPED.test(query)) return query
  const [clause, named] = FORMAT.exec(query) ?? ['', format]
  const bare = query.slice(0, query.length - clause.length)
  return `${bare}\nINTO OUTFILE ${literal(file)} APPEND COMPRESSION 'none'\nFORMAT ${named}`
}

/** It stands bare in the statement: anything else there would run. */
function checkFormat(format: string): void {
  if (/^\w+$/.test(format)) return
  const message = `Unknown format ${JSON.stringify(format)}.`
  throw new ClickHouseError({ code: '73', type: 'UNKNOWN_FORMAT', message })
}

function timedOut(limitMs: number): ClickHouseError {
  const message = `Timeout exceeded: maximum: ${limitMs} ms; the query was given up.`
  return new ClickHouseError({ code: '159', type: 'TIMEOUT_EXCEEDED', message })
}

function stopped(): ClickHouseError {
  return cancelled(new Error('tickhouse stops'))
}

function cancelled(reason: unknown): ClickHouseError {
  const message = `Query was cancelled: ${(reason as Error | undefined)?.message ?? 'nobody waits for it'}.`
  return new ClickHouseError({ code: '394', type: 'QUERY_WAS_CANCELLED', message })
}
