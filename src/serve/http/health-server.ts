/** The server of a process without a page: health and metrics. */
import fastify, { type FastifyInstance } from 'fastify'
import type { Emit } from '../../telemetry/events.ts'
import { authorize } from './access.ts'
import { type HealthOptions, OPEN_PATHS, serveHealth } from './health-routes.ts'
import { listen } from './listen.ts'

export interface HealthServerSettings {
  /** `host:port`; without it nothing is served. */
  listen: string | undefined
  /** Required of every client, if set. */
  token: string | undefined
}

/** Listens at the address of the settings; null without one. Throws like `listen`. */
export async function serveHealthOnly(
  { listen: address, token }: HealthServerSettings,
  emit: Emit,
  options: Omit<HealthOptions, 'authorize'>,
): Promise<FastifyInstance | null> {
  if (address === undefined) return null
  const server = fastify({ forceCloseConnections: true })
  server.addHook('onRequest', async (request, reply) => {
    if (!OPEN_PATHS.has(request.url)) authorize(token, request, reply)
  })
  serveHealth(server, { ...options, authorize: request => authorize(token, request) })
  emit('serving_figures', { url: await listen(server, address, 'TICKHOUSE_METRICS_LISTEN') })
  return server
}
