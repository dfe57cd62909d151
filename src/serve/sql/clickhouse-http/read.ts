/** Statements of read-only clients: checked, limited in number and in resources. */
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

export class ReadHandler {
  readonly #engine: SqlEngine
  readonly #version: string
  readonly #untrusted: UntrustedQueries
  readonly #guard: QueryGuard

  constructor(engine: SqlEngine, version: string, untrusted: UntrustedQueries) {
    this.#engine = engine
    this.#version = version
    this.#untrusted = untrusted
    const settings = untrustedSettings({})
    this.#guard = new QueryGuard(async (query, parameters) => {
      const { bytes } = await engine.runBounded({ query, format: 'TSVRaw', parameters, settings })
      return bytes
    })
  }

  /** Runs a statement. Throws SqlException, ClickHouseError, LimiterFull, `query_failed`. */
  async answer(
    httpQuery: HttpQuery,
    request: IncomingMessage,
    running: RunningQuery,
    reply: ServerResponse,
  ): Promise<Answer> {
    if (request.headers['content-encoding'] === 'lz4')
      throw new SqlException(48, 'NOT_IMPLEMENTED', 'Content-Encoding lz4 is not supported: use gzip or zstd.')
    const body = (await collect(bodyOf(request), BODY_BYTES_MAX)).toString()
    const text = [httpQuery.query, body].filter(Boolean).join('\n')
    if (isClientSetup(text, httpQuery))
      return { ...clientSetup(this.#version, httpQuery.protocolVersion), format: 'Native' }
    if (!OWN_DATABASES.has(httpQuery.database))
      throw new SqlException(81, 'UNKNOWN_DATABASE', `Database ${httpQuery.database} does not exist.`)
    return this.#untrusted.answer(
      reply,
      async signal => {
        const { parameters } = httpQuery
        const admitted = await this.#guard.admit(text, parameters)
        const { additional_table_filters, ...given } = { ...httpQuery.settings, ...admitted.settings }
        const settings = {
          ...untrustedSettings(given),
          additional_table_filters: await joinFilters(this.#guard, additional_table_filters, LISTED),
        }
        const format = admitted.format ?? httpQuery.format
        const { query } = admitted
        return { ...(await this.#engine.runBounded({ query, format, parameters, settings }, signal)), format }
      },
      running.signal,
    )
  }
}

/** An answer and its format. */
export interface Answer extends SqlAnswer {
  format: string
}
