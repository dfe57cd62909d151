/** The page, its live stream and SQL over HTTP, for clients on this machine, or anywhere with a token. */
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'
import staticFiles from '@fastify/static'
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { type DoctorMessage, diagnose } from '../../audit/diagnosis.ts'
import type { Ingest } from '../../ingest/ingest.ts'
import type { Reprocessor } from '../../ingest/reprocess/reprocess.ts'
import type { Log } from '../../log/log.ts'
import { ID_KINDS } from '../../status/health.ts'
import type { Store } from '../../store/store.ts'
import type { Emit } from '../../telemetry/events.ts'
import { throttleEvents } from '../../telemetry/throttle.ts'
import { TIME_MICROS_MAX } from '../../tick/time.ts'
import { serveLab } from '../lab/routes.ts'
import { serveCoverage } from '../page/coverage-routes.ts'
import { serveHistory } from '../page/history-routes.ts'
import type { Live } from '../page/live.ts'
import { queryBars, toBar } from '../page/market/candles.ts'
import { querySpreads } from '../page/market/spreads.ts'
import { PageLimits } from '../page/page-limits.ts'
import { type BarsAnswer, INTERVALS, type Interval } from '../page/protocol.ts'
import { serveQuarantine } from '../page/quarantine-routes.ts'
import { serveVisible } from '../page/visible-route.ts'
import { serveWatchReports, type WatchReports } from '../page/watch-routes.ts'
import { toException } from '../sql/clickhouse-http/errors.ts'
import { clickHouseHttp } from '../sql/clickhouse-http/routes.ts'
import { Limiter, UNTRUSTED_LIMITS_IN_PARALLEL } from '../sql/limiter.ts'
import { serveQuery } from '../sql/query-route.ts'
import { RefusedQueries } from '../sql/refused-queries.ts'
import { UntrustedQueries } from '../sql/untrusted-queries.ts'
import { authorize, Forbidden, type HttpSettings } from './access.ts'
import { answerError } from './errors.ts'
import { type HealthOptions, OPEN_PATHS, serveHealth } from './health-routes.ts'
import { listen } from './listen.ts'
import type { RefusedRequests } from './refused-requests.ts'

const PAGE = fileURLToPath(new URL('../../../web/dist', import.meta.url))
const BODY_BYTES_MAX = 200_000

/** A request with its body must arrive in this time: bodies that never end would keep connections. */
const REQUEST_MS_MAX = 120_000
/** An idle connection is closed after this time, e.g. of a client that stopped reading. No answer takes longer. */
const IDLE_MS_MAX = 600_000
/** Further connections are closed: the process also needs file descriptors for the store. */
const CONNECTIONS_MAX = 1_024

const HEADERS = {
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

export interface ServerOptions {
  settings: HttpSettings
  log: Log
  store: Store
  live: Live
  /** Records below these offsets are stored, by partition; undefined while that is not known. */
  offsets: () => ReadonlyMap<number, number> | undefined
  /** Runs queries over all stored records while this process stores none. */
  runExclusive: <T>(work: () => Promise<T>) => Promise<T>
  /** Notes who reads the tables. Null if this process does not store. */
  reading: Pick<Ingest, 'beforeRead' | 'stayReading'> | null
  /** Null if this process does not store: it reprocesses nothing either. */
  reprocessor: Reprocessor | null
  watchReports: WatchReports
  health: Omit<HealthOptions, 'authorize'>
  refusedRequests: RefusedRequests
  emit: Emit
}

/** Listens at `settings.listen`. Throws `address_in_use`, or `address_invalid` if the machine has no such address. */
export async function serve({
  settings: { listen: address, token },
  log,
  store,
  live,
  offsets,
  runExclusive,
  reading,
  reprocessor,
  watchReports,
  health,
  refusedRequests,
  emit,
}: ServerOptions): Promise<FastifyInstance> {
  const emitThrottled = throttleEvents(emit)
  const server = fastify({
    bodyLimit: BODY_BYTES_MAX,
    forceCloseConnections: true,
    requestTimeout: REQUEST_MS_MAX,
    connectionTimeout: IDLE_MS_MAX,
  })
  server.server.maxConnections = CONNECTIONS_MAX
  server.server.on('drop', () => emitThrottled('connections_full', { max: CONNECTIONS_MAX }))
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  server.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS)
    if (!OPEN_PATHS.has(request.url)) authorize(token, request, reply)
  })
  const refused = new RefusedQueries(emit)
  server.setErrorHandler((error, request, reply) => {
    refusedRequests.add(toException(error).type)
    if (error instanceof Forbidden && error.reason === 'token_wrong')
      emitThrottled('token_wrong', { address: request.ip })
    answerError(error, reply, refused)
  })

  const limits = new PageLimits()
  server.get<{ Querystring: { venue?: string; symbol?: string; interval?: string } }>(
    '/api/live',
    async (request, reply) => {
      const admission = limits.enter(request.ip, request.headers)
      if ('why' in admission) return reply.code(admission.status).send(admission.why)
      reply.raw.once('close', admission.leave)
      if (reading) reply.raw.once('close', reading.stayReading())
      const { venue, symbol, interval } = request.query
      reply.hijack()
      await live.open(reply.raw, venue, symbol, toInterval(interval))
    },
  )

  server.get<{ Querystring: { venue: string; symbol: string; interval: string; before: string } }>(
    '/api/bars',
    async (request, reply) => {
      const { venue, symbol, interval, before } = request.query
      const beforeMs = before === undefined ? Date.now() : Number(before)
      if (!Number.isSafeInteger(beforeMs) || beforeMs < 0 || beforeMs >= TIME_MICROS_MAX / 1000)
        return reply.code(400).send({ message: 'before must be a time in ms since 1970', advice: '' })
      const seconds = INTERVALS[toInterval(interval) ?? '10s']
      const query = { venue: String(venue), symbol: String(symbol), seconds, beforeMs }
      const bars = await queryBars(store, query)
      return { bars: bars.map(toBar), spreads: await querySpreads(store, query) } satisfies BarsAnswer
    },
  )

  const untrusted = new UntrustedQueries(emit, { beforeRead: () => reading?.beforeRead() })
  serveQuery(server, untrusted, store.untrusted.bind(store))

  let diagnosing = false
  server.get('/api/doctor', async (_request, reply) => {
    if (diagnosing) return reply.code(503).send('a check is already running: try again in a moment')
    diagnosing = true
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': 'application/x-ndjson' })
    const send = (message: DoctorMessage) => reply.raw.write(`${JSON.stringify(message)}\n`)
    try {
      const progress = (done: number, total: number) => send({ done, total })
      await reading?.beforeRead()
      send({ diagnosis: await runExclusive(() => diagnose(store, log, progress, ID_KINDS)) })
    } catch (error) {
      refused.report('doctor', (error as Error).message)
    } finally {
      diagnosing = false
      reply.raw.end()
    }
  })

  serveQuarantine(server, store, reprocessor)
  // A limiter of its own: history of the page does not wait behind clients' queries.
  serveHistory(server, store, new Limiter(UNTRUSTED_LIMITS_IN_PARALLEL))
  serveCoverage(server, store, new Limiter(UNTRUSTED_LIMITS_IN_PARALLEL))
  serveLab(server, store, new Limiter(UNTRUSTED_LIMITS_IN_PARALLEL), offsets)
  serveWatchReports(server, watchReports)
  serveVisible(server, live)

  const built = fs.existsSync(PAGE)
  if (built) await server.register(staticFiles, { root: PAGE })
  const page = (reply: FastifyReply) =>
    built
      ? reply.sendFile('index.html')
      : reply.type('text/plain').send('The page is not built: run npm ci, or npm run prepare.')
  if (store.engine) {
    await server.register(clickHouseHttp, {
      ...{ engine: store.engine, writable: false, untrusted, refused, page },
      count: type => refusedRequests.add(type),
    })
  } else {
    server.get('/', async (_request, reply) => page(reply))
  }

  serveHealth(server, { ...health, authorize: request => authorize(token, request) })

  emit('serving', { url: await listen(server, address, 'TICKHOUSE_LISTEN') })
  return server
}

function toInterval(name: string | undefined): Interval | undefined {
  return name !== undefined && Object.hasOwn(INTERVALS, name) ? (name as Interval) : undefined
}
