/**
 * ClickHouse's HTTP interface over the engine in this process, so that programs made for ClickHouse can ask it: what they may
 * ask is in `docs/sql-clients.md`.
 */
import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { SqlEngine } from '../../../store/sql.ts'
import { ClientLeft, type RefusedQueries } from '../refused-queries.ts'
import { RunningQueries } from '../running-queries.ts'
import type { UntrustedQueries } from '../untrusted-queries.ts'
import { toException } from './errors.ts'
import { Reading } from './read.ts'
import { readHttpQuery } from './request.ts'
import { sendAnswer, sendException } from './response.ts'
import { Writing } from './write.ts'

export interface ClickHouseHttpOptions {
  engine: SqlEngine
  /** Whether those who may ask may change everything. */
  writable: boolean
  /** Through which those ask who may only read. */
  strangers: UntrustedQueries
  refused: RefusedQueries
  /** Called for each refused request, with ClickHouse's name of the error. */
  count?: (type: string) => void
  /** What is shown at `/` to who asks nothing. */
  page?: (reply: FastifyReply) => unknown
}

/** Registers `/ping` and statements by GET and POST on `/`. */
export async function clickHouseHttp(
  server: FastifyInstance,
  { engine, writable, strangers, refused, count, page }: ClickHouseHttpOptions,
): Promise<void> {
  const version = await versionOf(engine)
  const queries = new RunningQueries()
  const writing = new Writing(engine, queries)
  const reading = new Reading(engine, version, strangers)

  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', (_request, _payload, done) => done(null))
  server.addHook('onRequest', async (_request, reply) => {
    reply.headers({ 'x-clickhouse-server-display-name': 'tickhouse', 'x-clickhouse-timezone': 'UTC' })
  })
  server.setErrorHandler((error, request, reply) => {
    if (page && isForPage(request)) throw error
    const exception = toException(error)
    // Whoever watches cancels what is under way at each refresh: that is no refusal.
    const hasLeft = error instanceof ClientLeft || reply.raw.destroyed
    if (!hasLeft) {
      refused.refused(exception.type, exception.message)
      count?.(exception.type)
    }
    return sendException(reply, exception, version)
  })

  for (const path of ['/ping', '/replicas_status'])
    server.get(path, async (_request, reply) => reply.type('text/plain; charset=UTF-8').send('Ok.\n'))

  const answer = async (request: FastifyRequest, reply: FastifyReply) => {
    const { raw } = request
    const search = new URLSearchParams(request.url.split('?')[1])
    const question = readHttpQuery(search, request.headers, randomUUID())
    reply.header('x-clickhouse-query-id', question.queryId)
    const answered = await queries.during(question.queryId, leaving(reply), running =>
      (writable ? writing : reading).answer(question, raw, running, reply.raw),
    )
    return sendAnswer(reply, question, answered)
  }
  server.get('/', async (request, reply) => {
    if (!isForPage(request)) return answer(request, reply)
    return page ? page(reply) : reply.type('text/plain; charset=UTF-8').send('Ok.\n')
  })
  server.post('/', answer)
}

/** Who asks nothing of `/` wants to see what is there. */
function isForPage({ method, url }: FastifyRequest): boolean {
  return method !== 'POST' && /^\/(\?|$)/.test(url) && !new URLSearchParams(url.split('?')[1]).has('query')
}

async function versionOf(engine: SqlEngine): Promise<string> {
  const { bytes } = await engine.run({ query: 'SELECT version()', format: 'TSVRaw' })
  return Buffer.from(bytes).toString().trim()
}

/** Aborted when the client goes before its answer came. */
function leaving({ raw }: FastifyReply): AbortSignal {
  const left = new AbortController()
  raw.once('close', () => left.abort(new ClientLeft()))
  return left.signal
}
