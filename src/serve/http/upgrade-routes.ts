/**
 * Upgrades of the processes of `start`, for `tickhouse upgrade`: `POST /api/upgrade` requests one, `GET /api/upgrade`
 * answers with the last one, or null.
 */
import type { FastifyInstance } from 'fastify'
import type { Supervision } from '../../service.ts'

export function serveUpgrade(server: FastifyInstance, supervision: Supervision): void {
  server.get('/api/upgrade', async (_request, reply) => reply.send(JSON.stringify(supervision.upgrade())))

  server.post('/api/upgrade', async (_request, reply) => {
    if (supervision.upgrade()?.state === 'running')
      return reply.code(409).send({ message: 'an upgrade is running', advice: 'Wait for its end.' })
    supervision.requestUpgrade()
    return reply.code(202).send({})
  })
}
