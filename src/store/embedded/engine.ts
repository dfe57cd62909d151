/**
 * The ClickHouse engine inside this process, behind the connection contract of `@clickhouse/client`, so that the rest of the
 * code has one client for a server and for this.
 *
 * Facts this file rests on: the data of an INSERT must not stand in the statement (a blank line in it would end the data, and
 * what follows would run as SQL), so it goes through a file; settings stick to a session, so each statement has a lane to
 * itself and takes its settings back; a session runs one statement at a time, so inserts have a lane that no query can hold.
 */
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import type { ClickHouseClientConfigOptions } from '@clickhouse/client'
import type { ChdbResult, Session } from 'chdb'
import { makeDataDirectory } from '../../disk.ts'
import { TickhouseError } from '../../errors.ts'
import { bypassProxyForLoopback } from '../../proxies.ts'
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
  /** Sessions for inserts, one insert at a time each. */
  insertSessions: number
  /** Sessions for queries, one query at a time each. */
  querySessions: number
  /** Statements waiting for a lane, at most; one more is refused. */
  waitingMax: number
  /** How long a bounded statement that was given up may take to end; half a minute if not said. */
  graceMs?: number
  /** How long `close` waits for the bounded statements that it ends; 2 s if not said. */
  endMs?: number
}

/** Caches an in-process engine gets: its own defaults are sized for a server that owns its machine. */
const ENGINE_ARGUMENTS = [
  '--mark_cache_size=134217728',
  '--uncompressed_cache_size=0',
  '--index_mark_cache_size=33554432',
]

const END_MS = 2_000

const INSERT = /^\s*(INSERT\s+INTO\s.+?)\s+FORMAT\s+(\w+)\s*;?\s*$/is

/** Opens the engine on a directory, made if absent. Throws TickhouseError where that cannot be. */
export async function openEngine(directory: string, options: EngineOptions): Promise<EmbeddedConnection> {
  const chdb = await loadEngine()
  const root = path.resolve(directory)
  // The data of an insert goes through a file below it, whose name would be a pattern to the engine.
  if (/[*?{}]/.test(root))
    throw new TickhouseError(
      'address_invalid',
      `the store's directory ${root} has one of * ? { } in its path`,
      'Give TICKHOUSE_STORE=chdb:<directory> with another path; a variable in it is to be expanded by the shell.',
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
  // What is archived in a bucket is read by way of this process.
  bypassProxyForLoopback()
  const open = () => new chdb.Session(root, { connectionArgs: ENGINE_ARGUMENTS })
  try {
    return new EmbeddedConnection(root, open, options)
  } catch (error) {
    throw openingError(directory, reasonNotOpened(root), error)
  }
}

async function loadEngine(): Promise<typeof import('chdb')> {
  try {
    return await import('chdb')
  } catch (error) {
    throw new TickhouseError(
      'engine_missing',
      `the embedded ClickHouse engine has no binary for ${process.platform} ${process.arch}; it has them for Linux (glibc) and macOS, on x64 and arm64`,
      'Run tickhouse in a Linux (glibc) container: see docs/container.md.',
      { cause: error },
    )
  }
}

export class EmbeddedConnection implements Connection, SqlEngine {
  readonly #open: () => Session
  readonly #inserts: EngineSessions
  readonly #queries: EngineSessions
  readonly #spool: string
  readonly #running = new Set<Promise<unknown>>()
  readonly #failure = new EngineFailure()
  readonly #bounded: LimitedQueries
  readonly #endMs: number
  #closed = false

  constructor(root: string, open: () => Session, options: EngineOptions) {
    this.#open = open
    this.#endMs = options.endMs ?? END_MS
    this.#inserts = new EngineSessions(Array.from({ length: options.insertSessions }, open), options.waitingMax)
    this.#queries = new EngineSessions(Array.from({ length: options.querySessions }, open), options.waitingMax)
    // What an earlier process left here was never answered for: its data is still in the log.
    this.#spool = path.join(root, 'spool')
    fs.rmSync(this.#spool, { recursive: true, force: true })
    fs.mkdirSync(this.#spool)
    this.#bounded = new LimitedQueries({
      open,
      pipes: new ResultPipes(this.#spool),
      failure: this.#failure,
      judged: error => this.#judged(error),
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
   * Runs one statement in a session of its own, which ends with it: its settings and parameters are nobody else's. The caller
   * bounds how many run at once. Throws ClickHouseError.
   */
  run(statement: SqlStatement): Promise<SqlAnswer> {
    return this.#counted(this.#inOwnSession(statement))
  }

  /** Runs a statement of someone who is not trusted, and counts what it does; see BoundedStatements. */
  async runBounded(statement: SqlStatement, signal?: AbortSignal): Promise<SqlAnswer> {
    this.#checkOpen()
    return this.#bounded.run({ ...statement, readOnly: true }, signal)
  }

  get overrun(): number {
    return this.#bounded.overrun
  }

  /** A place for the data of an INSERT until the engine has read it; whoever takes it removes it. */
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

  /** Waits for what runs; a write that was begun is never cut. Bounded statements are ended, or left behind if they cannot be. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    if (!(await this.#bounded.close(this.#endMs))) this.#failure.lost()
    await Promise.allSettled(this.#running)
    for (const session of [...this.#inserts.sessions, ...this.#queries.sessions]) session.close()
  }

  async #run(sessions: EngineSessions, params: QueryParams, statement: string, format: string): Promise<ChdbResult> {
    return this.#counted(this.#inLane(sessions, params, statement, format))
  }

  /** A job that `close` waits for. */
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
      throw this.#judged(error)
    } finally {
      own.close()
    }
  }

  /** The engine's error, and whether it is its last. */
  #judged(error: unknown): Error {
    const judged = engineError(typed(error))
    this.#failure.judge(judged)
    return judged
  }

  #checkOpen(): void {
    if (this.#closed) throw new TickhouseError('store_unavailable', 'the store is closed', 'Start tickhouse again.')
  }

  async #inLane(sessions: EngineSessions, params: QueryParams, statement: string, format: string): Promise<ChdbResult> {
    this.#checkOpen()
    const session = await sessions.take()
    try {
      return await session.queryAsync(statement, { format })
    } catch (error) {
      throw this.#judged(error)
    } finally {
      const undo = settingsOf(params).map(([name]) => `SET ${name}=DEFAULT`)
      if (undo.length) await session.queryAsync(undo.join('; ')).catch(() => {})
      sessions.give(session)
    }
  }
}
