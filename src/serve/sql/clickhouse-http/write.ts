/** Statements of clients that may write: run unchecked, with the data of an INSERT read from a file. */
import fs from 'node:fs'
import type { IncomingMessage } from 'node:http'
import type { SqlAnswer, SqlEngine, SqlStatement } from '../../../store/sql.ts'
import { type Insert, parseInsert, readingFrom } from '../insert.ts'
import { Limiter } from '../limiter.ts'
import type { RunningQueries, RunningQuery } from '../running-queries.ts'
import { SqlException } from './errors.ts'
import type { Answer } from './read.ts'
import { bodyOf, collect, type HttpQuery } from './request.ts'

const WAITING = { waitingMax: 256, waitMsMax: 120_000 }
const BODY_BYTES_MAX = 512 * 2 ** 20
/** The data of an INSERT must begin within this part of the body. */
const HEAD_BYTES_MAX = 2 ** 18
/** Statements that end the engine's process group. */
const ENDING = /^\s*SYSTEM\s+(SHUTDOWN|KILL)\b/i
const NOTHING: SqlAnswer = {
  bytes: new Uint8Array(),
  readRows: 0,
  readBytes: 0,
  writtenRows: 0,
  writtenBytes: 0,
  elapsedNanos: 0,
}

export class WriteHandler {
  readonly #engine: SqlEngine
  readonly #queries: RunningQueries
  /** One at a time, so that its rows can be separated from the engine's total count. */
  readonly #writes = new Limiter({ runningMax: 1, ...WAITING })
  readonly #reads = new Limiter({ runningMax: 4, ...WAITING })

  constructor(engine: SqlEngine, queries: RunningQueries) {
    this.#engine = engine
    this.#queries = queries
  }

  /** Runs a statement. Throws SqlException, ClickHouseError. */
  async answer(httpQuery: HttpQuery, request: IncomingMessage, running: RunningQuery): Promise<Answer> {
    const answer = await this.#run(httpQuery, request, running)
    return { ...answer, format: /\sFORMAT\s+(\w+)\s*;?\s*$/i.exec(running.text)?.[1] ?? httpQuery.format }
  }

  async #run(httpQuery: HttpQuery, request: IncomingMessage, running: RunningQuery): Promise<SqlAnswer> {
    const body = await collect(bodyOf(request), BODY_BYTES_MAX)
    const packed = request.headers['content-encoding'] === 'lz4' && body.length > 0
    const inAddress = parseInsert(httpQuery.query)
    if (inAddress) return this.#insert(inAddress, httpQuery, body, packed ? 'lz4' : 'none', running)
    const whole = Buffer.concat([
      Buffer.from(httpQuery.query && body.length > 0 ? `${httpQuery.query}\n` : httpQuery.query),
      packed ? await this.#unpack(body) : body,
    ])
    // One character per byte, so that positions in the text are positions in the body.
    const insert = parseInsert(whole.subarray(0, HEAD_BYTES_MAX).toString('latin1'))
    if (!insert) return this.#statement(whole.toString(), httpQuery, running)
    const head = parseInsert(whole.subarray(0, insert.dataStart).toString()) ?? insert
    return this.#insert(head, httpQuery, whole.subarray(insert.dataStart), 'none', running)
  }

  async #statement(text: string, httpQuery: HttpQuery, running: RunningQuery): Promise<SqlAnswer> {
    running.text = text
    if (ENDING.test(text))
      throw new SqlException(497, 'ACCESS_DENIED', 'The engine runs in this process: stop the process instead.')
    const kill = this.#queries.kill(text, httpQuery.format, this.#engine)
    if (kill) return kill
    await this.#engine.run({
      query: 'SELECT formatQuery({text:String})',
      format: 'Null',
      parameters: { text: escaped(text) },
    })
    return this.#reads.run(() => this.#engine.run(statementOf(httpQuery, text)), running.signal)
  }

  /**
   * The data is in a file while the engine reads it: within the statement, a blank line would end it and the rest would
   * run.
   */
  async #insert(insert: Insert, httpQuery: HttpQuery, data: Buffer, compression: string, running: RunningQuery) {
    running.text = insert.head
    if (insert.select && !insert.input) return this.#insertSelected(httpQuery, insert.head, running)
    if (data.length === 0) return NOTHING
    const file = this.#engine.spoolFile()
    try {
      await fs.promises.writeFile(file, data)
      const query = readingFrom(insert, file, compression)
      if (insert.select) return await this.#insertSelected(httpQuery, query, running)
      return await this.#writes.run(() => this.#engine.run(statementOf(httpQuery, query)), running.signal)
    } finally {
      await fs.promises.rm(file, { force: true })
    }
  }

  #insertSelected(httpQuery: HttpQuery, query: string, running: RunningQuery): Promise<SqlAnswer> {
    return this.#writes.run(async () => {
      const before = await this.#inserted()
      const answer = await this.#engine.run(statementOf(httpQuery, query))
      const after = await this.#inserted()
      return { ...answer, writtenRows: after.rows - before.rows, writtenBytes: after.bytes - before.bytes }
    }, running.signal)
  }

  /** The rows and bytes inserted since the engine was opened. */
  async #inserted(): Promise<{ rows: number; bytes: number }> {
    const { bytes } = await this.#engine.run({
      query:
        "SELECT sumIf(value, event = 'InsertedRows') AS rows, sumIf(value, event = 'InsertedBytes') AS bytes FROM system.events",
      format: 'JSONEachRow',
      settings: { output_format_json_quote_64bit_integers: 0 },
    })
    return JSON.parse(Buffer.from(bytes).toString())
  }

  async #unpack(body: Buffer): Promise<Buffer> {
    const file = this.#engine.spoolFile()
    try {
      await fs.promises.writeFile(file, body)
      const { bytes } = await this.#engine.run({
        query: `SELECT * FROM file({file:String}, 'RawBLOB', 'body String', 'lz4')`,
        format: 'RawBLOB',
        parameters: { file },
      })
      return Buffer.from(bytes)
    } finally {
      await fs.promises.rm(file, { force: true })
    }
  }
}

function statementOf({ format, database, settings, parameters }: HttpQuery, query: string): SqlStatement {
  return { query, format, database, settings, parameters }
}

/** A text, escaped as a parameter. */
function escaped(text: string): string {
  return text.replace(/[\\\t\n]/g, sign => ({ '\\': '\\\\', '\t': '\\t', '\n': '\\n' })[sign]!)
}
