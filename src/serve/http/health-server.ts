/** A small server for a station that has no page, so that it can be seen after where it runs alone. */
import fastify, { type FastifyInstance } from 'fastify'
import type { Config } from '../../config.ts'
import type { Emit } from '../../telemetry/events.ts'
import { guard } from './access.ts'
import { type HealthOptions, OPEN_PATHS, serveHealth } from './health-routes.ts'
import { listen } from './listen.ts'

/** Starts to listen where the configuration says; null if it says nowhere. Throws like `listen`. */
export async function serveHealthOnly(
  config: Config,
  emit: Emit,
  options: Omit<HealthOptions, 'guard'>,
): Promise<FastifyInstance | null> {
  if (config.METRICS_LISTEN === undefined) return null
  const server = fastify({ forceCloseConnections: true })
  server.addHook('onRequest', async (request, reply) => {
    if (!OPEN_PATHS.has(request.url)) guard(config, request, reply)
  })
  serveHealth(server, { ...options, guard: request => guard(config, request) })
  emit('serving_figures', { url: await listen(server, config.METRICS_LISTEN, 'TICKHOUSE_METRICS_LISTEN') })
  return server
}
