/** The running queries by id, so that one can be awaited or, before it runs, cancelled. */
import { formatQueryParams } from '@clickhouse/client-common'
import type { SqlAnswer, SqlEngine } from '../../store/sql.ts'
import { SqlException } from './clickhouse-http/errors.ts'

export interface RunningQuery {
  /** Aborts when the query is cancelled; the engine completes started queries. */
  signal: AbortSignal
  /** The statement, once it is known. */
  text: string
}

interface Entry extends RunningQuery {
  queryId: string
  abort: AbortController
  ended: Promise<void>
}

/** Length of the statement kept for `KILL QUERY WHERE query …`. */
const TEXT_LENGTH_MAX = 10_000
const KILL = /^\s*KILL\s+QUERY\s+WHERE\s+(.+?)(?:\s+(SYNC|ASYNC|TEST))?(?:\s+FORMAT\s+(\w+))?\s*;?\s*$/is

export class RunningQueries {
  readonly #entries = new Set<Entry>()

  /** Lists a query while `work` runs; a client that disconnects cancels it. */
  async during<T>(queryId: string, left: AbortSignal, work: (query: RunningQuery) => Promise<T>): Promise<T> {
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    const abort = new AbortController()
    const signal = AbortSignal.any([abort.signal, left])
    const entry: Entry = { queryId, text: '', abort, ended, signal }
    this.#entries.add(entry)
    try {
      return await work(entry)
    } finally {
      this.#entries.delete(entry)
      resolve()
    }
  }

  /**
   * `KILL QUERY WHERE …`; null for another statement. Waiting queries are cancelled; running ones cannot be
   * interrupted: with SYNC the answer comes when they have ended.
   */
  kill(statement: string, format: string, engine: SqlEngine): Promise<SqlAnswer> | null {
    const [, where, mode = 'ASYNC', ownFormat] = KILL.exec(statement) ?? []
    return where === undefined ? null : this.#kill(where, mode.toUpperCase(), ownFormat ?? format, engine)
  }

  async #kill(where: string, mode: string, format: string, engine: SqlEngine): Promise<SqlAnswer> {
    const matching = await this.#matching(where, engine)
    if (mode !== 'TEST') {
      for (const { abort, queryId } of matching)
        abort.abort(new SqlException(394, 'QUERY_WAS_CANCELLED', `Query ${queryId} was cancelled.`))
    }
    if (mode === 'SYNC') await Promise.all(matching.map(({ ended }) => ended))
    const status = { SYNC: 'finished', TEST: 'unknown_status' }[mode] ?? 'waiting'
    return engine.run({
      query: `SELECT {status:String} AS kill_status, listed.1 AS query_id, 'default' AS user, listed.2 AS query ${LISTED}`,
      format,
      parameters: { status, ...listed(matching) },
    })
  }

  /** The engine evaluates the condition. */
  async #matching(where: string, engine: SqlEngine): Promise<Entry[]> {
    const entries = [...this.#entries].filter(({ text }) => !KILL.test(text))
    const { bytes } = await engine.run({
      query: `SELECT number FROM (
        SELECT listed.1 AS query_id, listed.2 AS query, listed.3 AS number, 'default' AS user ${LISTED}
      ) WHERE ${where}`,
      format: 'TSV',
      parameters: listed(entries),
      readOnly: true,
    })
    const numbers = Buffer.from(bytes).toString().split('\n').filter(Boolean).map(Number)
    return numbers.map(number => entries[number - 1]!)
  }
}

/** The queries in the parameters, as rows. */
const LISTED = `FROM (SELECT arrayJoin(arrayZip(
  {ids:Array(String)}, {texts:Array(String)}, arrayEnumerate({ids:Array(String)}))) AS listed)`

function listed(entries: readonly Entry[]) {
  return {
    ids: formatQueryParams({ value: entries.map(({ queryId }) => queryId) }),
    texts: formatQueryParams({ value: entries.map(({ text }) => text.slice(0, TEXT_LENGTH_MAX)) }),
  }
}
