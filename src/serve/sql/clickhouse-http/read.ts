/** Statements of those who may only read: judged, in their turn, within limits. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { LISTED, type SqlAnswer, type SqlEngine } from '../../../store/sql.ts'
import { untrustedSettings } from '../guard-settings.ts'
import { QueryGuard } from '../query-guard.ts'
import type { RunningQuery } from '../running-queries.ts'
import { joinFilters } from '../table-filters.ts'
import type { UntrustedQueries } from '../untrusted-queries.ts'
import { clientSetup, isClientSetup } from './client-setup.ts'
import { SqlException } from './errors.ts'
import { bodyOf, collect, type HttpQuery } from './request.ts'

const BODY_BYTES_MAX = 200_000
const OWN_DATABASES = new Set([undefined, 'default', '__default__'])

export class Reading {
  readonly #engine: SqlEngine
  readonly #version: string
  readonly #strangers: UntrustedQueries
  readonly #gate: QueryGuard

  constructor(engine: SqlEngine, version: string, strangers: UntrustedQueries) {
    this.#engine = engine
    this.#version = version
    this.#strangers = strangers
    const settings = untrustedSettings({})
    this.#gate = new QueryGuard(async (query, parameters) => {
      const { bytes } = await engine.runBounded({ query, format: 'TSVRaw', parameters, settings })
      return bytes
    })
  }

  /** Answers a question with its body. Throws SqlException, ClickHouseError, NoTurn, `query_failed`. */
  async answer(
    question: HttpQuery,
    request: IncomingMessage,
    running: RunningQuery,
    reply: ServerResponse,
  ): Promise<Answer> {
    if (request.headers['content-encoding'] === 'lz4')
      throw new SqlException(48, 'NOT_IMPLEMENTED', 'Content-Encoding lz4 is not taken: use gzip or zstd.')
    const body = (await collect(bodyOf(request), BODY_BYTES_MAX)).toString()
    const text = [question.query, body].filter(Boolean).join('\n')
    if (isClientSetup(text, question))
      return { ...clientSetup(this.#version, question.protocolVersion), format: 'Native' }
    if (!OWN_DATABASES.has(question.database))
      throw new SqlException(81, 'UNKNOWN_DATABASE', `Database ${question.database} does not exist.`)
    return this.#strangers.answer(
      reply,
      async signal => {
        const { parameters } = question
        const admitted = await this.#gate.admit(text, parameters)
        const { additional_table_filters, ...given } = { ...question.settings, ...admitted.settings }
        const settings = {
          ...untrustedSettings(given),
          additional_table_filters: await joinFilters(this.#gate, additional_table_filters, LISTED),
        }
        const format = admitted.format ?? question.format
        const { query } = admitted
        return { ...(await this.#engine.runBounded({ query, format, parameters, settings }, signal)), format }
      },
      running.signal,
    )
  }
}

/** An answer and the form it came in. */
export interface Answer extends SqlAnswer {
  format: string
}
