/**
 * For witnesses of the archive's transparency log: `GET /api/tlog/checkpoint?old=<size>` answers with the newest checkpoint as a request
 * to a witness, `PUT /api/tlog/cosignature` takes that checkpoint with its cosignature.
 */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Cosigning } from '../../archive/archive.ts'
import { jsonOf } from '../http/json-body.ts'

const OLD = z.object({ old: z.coerce.number().int().min(0) })
const COSIGNATURE = z.strictObject({ witness: z.string().max(1_000), note: z.string().max(65_536) })

export function serveCosigning(server: FastifyInstance, cosigning: Cosigning): void {
  server.get('/api/tlog/checkpoint', async (request, reply) => {
    const parsed = OLD.safeParse(request.query)
    if (!parsed.success) return reply.code(400).send({ message: 'old must be a number of entries', advice: '' })
    const answer = await cosigning.request(parsed.data.old)
    return answer ?? reply.code(404).send({ message: 'nothing is sealed yet', advice: '' })
  })

  server.put('/api/tlog/cosignature', async (request, reply) => {
    const parsed = COSIGNATURE.safeParse(jsonOf(request.body))
    const why = parsed.success
      ? await cosigning.accept(parsed.data.witness, parsed.data.note)
      : 'not a checkpoint with the key of a witness'
    return why === null ? reply.code(204).send() : reply.code(400).send({ message: why, advice: '' })
  })
}
