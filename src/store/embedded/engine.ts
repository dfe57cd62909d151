/**
 * The ClickHouse engine in this process as a connection of `@clickhouse/client`: one client for a server and for this.
 *
 * Facts that this file relies on: the data of an INSERT must not be in the statement (a blank line would end the data,
 * and the rest would run as SQL), so it goes through a file; settings stay in a session, so each statement has a
 * session to itself and resets its settings; a session runs one statement at a time, so inserts have sessions that no
 * query can occupy.
 */
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import type { ClickHouseClientConfigOptions } from '@clickhouse/client'
import type { ChdbResult, Session } from 'chdb'
import { makeDataDirectory } from '../../disk.ts'
import { TickhouseError } from '../../errors.ts'
import { bypassProxyForLoopback } from '../../loopback.ts'
import { engineError } from '../failure.ts'
import { literal, type SqlAnswer, type SqlEngine, type SqlStatement, toEngineText } from '../sql.ts'
import { answer, prefix, type QueryParams, settingsOf, typed } from './client-statement.ts'
import { EngineFailure } from './engine-failure.ts'
import { LimitedQueries } from './limited-query.ts'
import { openingError, reasonNotOpened } from './opening.ts'
import { ResultPipes } from './result-pipe.ts'
import { EngineSessions } from './sessions.ts'

type Connection = NonNullable<ClickHouseClientConfigOptions['connection']>
type InsertParams = Parameters<Connection['insert']>[0]

export interface EngineOptions {
  /** Sessions for inserts, each with one insert at a time. */
  insertSessions: number
  /** Sessions for queries, each with one query at a time. */
  querySessions: number
  /** Most statements that wait for a session; one more is refused. */
  waitingMax: number
  /** Time an abandoned statement may take to end, in ms; 30 s by default. */
  graceMs?: number
  /** Time `close` waits for the limited statements that it cancels, in ms; 2 s by default. */
  endMs?: number
}

/** Cache sizes for an engine in a process: its defaults are for a server with a machine to itself. */
const ENGINE_ARGUMENTS = [
  '--mark_cache_size=134217728',
  '--uncompressed_cache_size=0',
  '--index_mark_cache_size=33554432',
]

const END_MS = 2_000

const INSERT = /^\s*(INSERT\s+INTO\s.+?)\s+FORMAT\s+(\w+)\s*;?\s*$/is

/** Opens the engine on a directory, creating it if needed. Throws TickhouseErrors. */
export async function openEngine(directory: string, options: EngineOptions): Promise<EmbeddedConnection> {
  const chdb = await loadEngine()
  const root = path.resolve(directory)
  // The data of an insert goes through a file below it, and the engine would read its path as a glob.
  if (/[*?{}]/.test(root))
    throw new TickhouseError(
      'address_invalid',
      `the store's directory ${root} has one of * ? { } in its path`,
      'Set TICKHOUSE_STORE=chdb:<directory> to another path; the shell has to expand variables in it.',
    )
  try {
    makeDataDirectory(root)
    fs.accessSync(root, fs.constants.W_OK)
  } catch (error) {
    throw new TickhouseError(
      'data_unwritable',
      `the store's directory ${directory} cannot be written: ${(error as Error).message}`,
      'Give this user write permission, or set TICKHOUSE_STORE to another directory.',
      { cause: error },
    )
  }
  // The engine reads archived objects of a bucket through a server of this process.
  bypassProxyForLoopback()
  const open = () => new chdb.Session(root, { connectionArgs: ENGINE_ARGUMENTS })
  try {
    return new EmbeddedConnection(root, open, options)
  } catch (error) {
    throw openingError(directory, reasonNotOpened(root), error)
  }
}

/** The engine's package. Throws `engine_missing` if it is not installed, or has no binary for this machine. */
export async function loadEngine(): Promise<typeof import('chdb')> {
  try {
    return await import('chdb')
  } catch (error) {
    if (isMissing(error))
      throw new TickhouseError(
        'engine_missing',
        'the embedded ClickHouse engine (package chdb) is not installed',
        'Install tickhouse without --omit=optional, or use its full image. With TICKHOUSE_STORE on a ClickHouse server only tickhouse archive needs it.',
        { cause: error },
      )
    throw new TickhouseError(
      'engine_missing',
      `the embedded ClickHouse engine has no binary for ${process.platform} ${process.arch}; it has them for Linux (glibc) and macOS, on x64 and arm64`,
      'Run tickhouse in a Linux (glibc) container: see docs/container.md.',
      { cause: error },
    )
  }
}

/** Its package is optional: a process with a ClickHouse server does without it. */
const isMissing = (error: unknown): boolean =>
  error instanceof Error &&
  (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND' &&
  error.message.includes("'chdb'")

export class EmbeddedConnection implements Connection, SqlEngine {
  readonly #open: () => Session
  readonly #inserts: EngineSessions
  readonly #queries: EngineSessions
  readonly #spool: string
  readonly #running = new Set<Promise<unknown>>()
  readonly #failure = new EngineFailure()
  readonly #limited: LimitedQueries
  readonly #endMs: number
  #closed = false

  constructor(root: string, open: () => Session, options: EngineOptions) {
    this.#open = open
    this.#endMs = options.endMs ?? END_MS
    this.#inserts = new EngineSessions(Array.from({ length: options.insertSessions }, open), options.waitingMax)
    this.#queries = new EngineSessions(Array.from({ length: options.querySessions }, open), options.waitingMax)
    // Inserts of an earlier process were never acknowledged: their ticks are still in the log.
    this.#spool = path.join(root, 'spool')
    fs.rmSync(this.#spool, { recursive: true, force: true })
    fs.mkdirSync(this.#spool)
    this.#limited = new LimitedQueries({
      open,
      pipes: new ResultPipes(this.#spool),
      failure: this.#failure,
      checked: error => this.#checked(error),
      graceMs: options.graceMs,
    })
  }

  /** Rejects with `engine_died` or `engine_stuck` when only a new process helps; never resolves. */
  get failed(): Promise<never> {
    return this.#failure.failed
  }

  async query(params: QueryParams) {
    const format = params.clickhouse_settings?.default_format
    const result = await this.#run(
      this.#queries,
      params,
      `${prefix(params)}${params.query}`,
      format ? String(format) : 'TabSeparated',
    )
    const bytes = result.bytes()
    const stream = Readable.from(bytes.length ? [Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)] : [], {
      objectMode: false,
    })
    return { ...answer(params, result, 'read'), stream }
  }

  async command(params: QueryParams) {
    const { stream, ...rest } = await this.query(params)
    stream.destroy()
    return rest
  }

  async exec(params: QueryParams & { values?: Readable }) {
    if (params.values === undefined) return this.query(params)
    return {
      ...(await this.insert({ ...params, values: params.values })),
      stream: Readable.from([], { objectMode: false }),
    }
  }

  async insert(params: InsertParams) {
    const [, into, format] = INSERT.exec(params.query) ?? []
    if (!into) throw new Error(`not an INSERT with data: ${params.query.slice(0, 100)}`)
    const file = this.spoolFile()
    try {
      await fs.promises.writeFile(file, params.values)
      const settings = settingsOf(params).map(([name, value]) => `${name}=${literal(value)}`)
      const clause = settings.length ? ` SETTINGS ${settings.join(', ')}` : ''
      const statement = `${into} FROM INFILE ${literal(file)} COMPRESSION 'none'${clause} FORMAT ${format}`
      const result = await this.#run(this.#inserts, { query: statement }, statement, 'TabSeparated')
      return answer(params, result, 'written')
    } finally {
      await fs.promises.rm(file, { force: true })
    }
  }

  /**
   * Runs one statement in a new session, which ends with it, so that its settings and parameters apply to it alone. The
   * caller limits how many run concurrently. Throws ClickHouseError.
   */
  run(statement: SqlStatement): Promise<SqlAnswer> {
    return this.#counted(this.#inOwnSession(statement))
  }

  /** See `SqlEngine.runBounded` and `LimitedQueries`. */
  async runBounded(statement: SqlStatement, signal?: AbortSignal): Promise<SqlAnswer> {
    this.#checkOpen()
    return this.#limited.run({ ...statement, readOnly: true }, signal)
  }

  get overrun(): number {
    return this.#limited.overrun
  }

  /** See `SqlEngine.spoolFile`. */
  spoolFile(): string {
    return path.join(this.#spool, randomUUID())
  }

  async ping() {
    try {
      await this.command({ query: 'SELECT 1' })
      return { success: true as const }
    } catch (error) {
      return { success: false as const, error: error as Error }
    }
  }

  /**
   * Waits for running statements; a started write is never interrupted. Limited statements are cancelled, or left
   * running if that fails.
   */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    if (!(await this.#limited.close(this.#endMs))) this.#failure.lost()
    await Promise.allSettled(this.#running)
    for (const session of [...this.#inserts.sessions, ...this.#queries.sessions]) session.close()
  }

  async #run(sessions: EngineSessions, params: QueryParams, statement: string, format: string): Promise<ChdbResult> {
    return this.#counted(this.#inSession(sessions, params, statement, format))
  }

  /** `close` waits for this job. */
  async #counted<T>(job: Promise<T>): Promise<T> {
    this.#running.add(job)
    try {
      return await job
    } finally {
      this.#running.delete(job)
    }
  }

  async #inOwnSession(statement: SqlStatement): Promise<SqlAnswer> {
    this.#checkOpen()
    const own = this.#open()
    try {
      const result = await own.queryAsync(toEngineText(statement), { format: statement.format })
      const inserts = /^\s*INSERT\b/i.test(statement.query)
      return {
        bytes: result.bytes(),
        readRows: inserts ? 0 : result.rowsRead,
        readBytes: inserts ? 0 : result.bytesRead,
        writtenRows: inserts ? result.rowsRead : 0,
        writtenBytes: inserts ? result.bytesRead : 0,
        elapsedNanos: Math.round(result.elapsed * 1e9),
      }
    } catch (error) {
      throw this.#checked(error)
    } finally {
      own.close()
    }
  }

  /** The engine's error, after checking whether the engine is dead. */
  #checked(error: unknown): Error {
    const checked = engineError(typed(error))
    this.#failure.check(checked)
    return checked
  }

  #checkOpen(): void {
    if (this.#closed) throw new TickhouseError('store_unavailable', 'the store is closed', 'Start tickhouse again.')
  }

  async #inSession(
    sessions: EngineSessions,
    params: QueryParams,
    statement: string,
    format: string,
  ): Promise<ChdbResult> {
    this.#checkOpen()
    const session = await sessions.take()
    try {
      return await session.queryAsync(statement, { format })
    } catch (error) {
      throw this.#checked(error)
    } finally {
      const undo = settingsOf(params).map(([name]) => `SET ${name}=DEFAULT`)
      if (undo.length) await session.queryAsync(undo.join('; ')).catch(() => {})
      sessions.give(session)
    }
  }
}
