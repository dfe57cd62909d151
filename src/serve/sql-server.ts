/** SQL over HTTP and nothing else: for the data of a house that is stopped. */
import fastify, { type FastifyInstance } from 'fastify'
import type { Config } from '../config.ts'
import { guard } from './access.ts'
import { type ClickHouseHttpOptions, clickHouseHttp } from './clickhouse-http.ts'
import { listen } from './listen.ts'

/** Starts to listen. Throws `address_in_use`, or `address_invalid` where the machine has no such address. */
export async function serveSql(config: Config, options: ClickHouseHttpOptions): Promise<FastifyInstance> {
  const server = fastify({ forceCloseConnections: true })
  server.addHook('onRequest', async (request, reply) => guard(config, request, reply))
  await server.register(clickHouseHttp, options)
  await listen(server, config, options.emit)
  return server
}
