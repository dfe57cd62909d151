/** SQL over HTTP, without a page, on the store of a stopped tickhouse. */
import fastify, { type FastifyInstance } from 'fastify'
import type { Emit } from '../../telemetry/events.ts'
import { authorize, type HttpSettings } from '../http/access.ts'
import { answerError } from '../http/errors.ts'
import { listen } from '../http/listen.ts'
import { type ClickHouseHttpOptions, clickHouseHttp } from './clickhouse-http/routes.ts'
import { type RunQuery, serveQuery } from './query-route.ts'
import { RefusedQueries } from './refused-queries.ts'
import { UntrustedQueries } from './untrusted-queries.ts'

export interface SqlServerOptions extends Omit<ClickHouseHttpOptions, 'untrusted' | 'refused'> {
  emit: Emit
  /** Runs statements of untrusted clients; undefined if only ClickHouse's interface is served. */
  query: RunQuery | undefined
}

/** Listens at `listen`. Throws `address_in_use`, or `address_invalid` if the machine has no such address. */
export async function serveSql(
  { listen: address, token }: HttpSettings,
  { query, ...options }: SqlServerOptions,
): Promise<FastifyInstance> {
  const { emit } = options
  const untrusted = new UntrustedQueries(emit)
  const refused = new RefusedQueries(emit)
  const server = fastify({ forceCloseConnections: true })
  server.addHook('onRequest', async (request, reply) => authorize(token, request, reply))
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  server.setErrorHandler((error, _request, reply) => answerError(error, reply, refused))
  if (query) serveQuery(server, untrusted, query)
  await server.register(clickHouseHttp, { ...options, untrusted, refused })
  emit('serving', { url: await listen(server, address, 'TICKHOUSE_LISTEN') })
  return server
}
