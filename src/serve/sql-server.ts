/** SQL over HTTP and nothing else: for the data of a house that is stopped. */
import fastify, { type FastifyInstance } from 'fastify'
import type { Config } from '../config.ts'
import { guard } from './access.ts'
import { type ClickHouseHttpOptions, clickHouseHttp } from './clickhouse-http.ts'
import { listen } from './listen.ts'
import { STRANGERS_TURNS, Turns } from './turns.ts'

/** Starts to listen. Throws `address_in_use`, or `address_invalid` where the machine has no such address. */
export async function serveSql(
  config: Config,
  options: Omit<ClickHouseHttpOptions, 'turns'>,
): Promise<FastifyInstance> {
  const server = fastify({ forceCloseConnections: true })
  server.addHook('onRequest', async (request, reply) => guard(config, request, reply))
  await server.register(clickHouseHttp, { ...options, turns: new Turns(STRANGERS_TURNS) })
  await listen(server, config.LISTEN, 'LISTEN', url => options.emit('serving', { url }))
  return server
}
