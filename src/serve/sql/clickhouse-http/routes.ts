/**
 * ClickHouse's HTTP interface to the engine in this process, for ClickHouse clients. `docs/sql-clients.md` lists what
 * is allowed.
 */
import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { SqlEngine } from '../../../store/sql.ts'
import { ClientLeft, type RefusedQueries } from '../refused-queries.ts'
import { RunningQueries } from '../running-queries.ts'
import type { UntrustedQueries } from '../untrusted-queries.ts'
import { toException } from './errors.ts'
import { ReadHandler } from './read.ts'
import { readHttpQuery } from './request.ts'
import { sendAnswer, sendException } from './response.ts'
import { WriteHandler } from './write.ts'

export interface ClickHouseHttpOptions {
  engine: SqlEngine
  /** Whether clients may change everything. */
  writable: boolean
  /** Runs the statements of read-only clients. */
  untrusted: UntrustedQueries
  refused: RefusedQueries
  /** Called for each refused request, with the ClickHouse name of the error. */
  count?: (type: string) => void
  /** The answer to `/` without a query. */
  page?: (reply: FastifyReply) => unknown
}

/** Registers `/ping`, and `/` for statements by GET and POST. */
export async function clickHouseHttp(
  server: FastifyInstance,
  { engine, writable, untrusted, refused, count, page }: ClickHouseHttpOptions,
): Promise<void> {
  const version = await versionOf(engine)
  const queries = new RunningQueries()
  const writeHandler = new WriteHandler(engine, queries)
  const readHandler = new ReadHandler(engine, version, untrusted)

  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', (_request, _payload, done) => done(null))
  server.addHook('onRequest', async (_request, reply) => {
    reply.headers({ 'x-clickhouse-server-display-name': 'tickhouse', 'x-clickhouse-timezone': 'UTC' })
  })
  server.setErrorHandler((error, request, reply) => {
    if (page && isForPage(request)) throw error
    const exception = toException(error)
    // A dashboard cancels its running queries at each refresh: that is not a refusal.
    const hasLeft = error instanceof ClientLeft || reply.raw.destroyed
    if (!hasLeft) {
      refused.report(exception.type, exception.message)
      count?.(exception.type)
    }
    return sendException(reply, exception, version)
  })

  for (const path of ['/ping', '/replicas_status'])
    server.get(path, async (_request, reply) => reply.type('text/plain; charset=UTF-8').send('Ok.\n'))

  const answer = async (request: FastifyRequest, reply: FastifyReply) => {
    const { raw } = request
    const search = new URLSearchParams(request.url.split('?')[1])
    const httpQuery = readHttpQuery(search, request.headers, randomUUID())
    reply.header('x-clickhouse-query-id', httpQuery.queryId)
    const answered = await queries.during(httpQuery.queryId, disconnected(reply), running =>
      (writable ? writeHandler : readHandler).answer(httpQuery, raw, running, reply.raw),
    )
    return sendAnswer(reply, httpQuery, answered)
  }
  server.get('/', async (request, reply) => {
    if (!isForPage(request)) return answer(request, reply)
    return page ? page(reply) : reply.type('text/plain; charset=UTF-8').send('Ok.\n')
  })
  server.post('/', answer)
}

/** A request to `/` without a query is for the page. */
function isForPage({ method, url }: FastifyRequest): boolean {
  return method !== 'POST' && /^\/(\?|$)/.test(url) && !new URLSearchParams(url.split('?')[1]).has('query')
}

async function versionOf(engine: SqlEngine): Promise<string> {
  const { bytes } = await engine.run({ query: 'SELECT version()', format: 'TSVRaw' })
  return Buffer.from(bytes).toString().trim()
}

/** Aborts when the client disconnects before the answer. */
function disconnected({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController()
  raw.once('close', () => controller.abort(new ClientLeft()))
  return controller.signal
}
