/** SQL over HTTP and nothing else: for the data of a house that is stopped. */
import fastify, { type FastifyInstance } from 'fastify'
import type { Config } from '../../config.ts'
import type { Emit } from '../../telemetry/events.ts'
import { guard } from '../http/access.ts'
import { answerError } from '../http/errors.ts'
import { listen } from '../http/listen.ts'
import { type ClickHouseHttpOptions, clickHouseHttp } from './clickhouse-http/routes.ts'
import { type Ask, serveQuery } from './query-route.ts'
import { RefusedQueries } from './refused-queries.ts'
import { UntrustedQueries } from './untrusted-queries.ts'

export interface SqlServerOptions extends Omit<ClickHouseHttpOptions, 'strangers' | 'refused'> {
  emit: Emit
  /** How strangers' statements are asked; undefined where only ClickHouse's own interface is served. */
  ask: Ask | undefined
}

/** Starts to listen. Throws `address_in_use`, or `address_invalid` where the machine has no such address. */
export async function serveSql(config: Config, { ask, ...options }: SqlServerOptions): Promise<FastifyInstance> {
  const { emit } = options
  const strangers = new UntrustedQueries(emit)
  const refused = new RefusedQueries(emit)
  const server = fastify({ forceCloseConnections: true })
  server.addHook('onRequest', async (request, reply) => guard(config, request, reply))
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  server.setErrorHandler((error, _request, reply) => answerError(error, reply, refused))
  if (ask) serveQuery(server, strangers, ask)
  await server.register(clickHouseHttp, { ...options, strangers, refused })
  emit('serving', { url: await listen(server, config.LISTEN, 'TICKHOUSE_LISTEN') })
  return server
}
