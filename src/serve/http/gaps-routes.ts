/** `POST /api/gaps/accept` with a `GapsAcceptance` as JSON: a person takes note of missing trades. A recorder writes it to the log. */
import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { TickhouseError } from '../../errors.ts'
import { jsonOf } from './json-body.ts'

const text = z.string().min(1).max(500)
const id = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const ACCEPTANCE = z.strictObject({ venue: text, symbol: text, run: id, first: id, last: id, reason: text, by: text })
export type GapsAcceptance = z.infer<typeof ACCEPTANCE>

/** `accept` leaves the message for the recorders. Throws a TickhouseError. */
export function serveGaps(server: FastifyInstance, accept: (body: object) => Promise<void>): void {
  server.post('/api/gaps/accept', async (request, reply) => {
    const parsed = ACCEPTANCE.safeParse(jsonOf(request.body))
    if (!parsed.success || parsed.data.first > parsed.data.last)
      return reply.code(400).send({ message: 'not an acceptance of a range of ids', advice: '' })
    try {
      await accept({ id: randomUUID(), ...parsed.data })
    } catch (error) {
      if (!(error instanceof TickhouseError)) throw error
      return reply.code(503).send({ message: error.message, advice: error.advice })
    }
    return {}
  })
}
