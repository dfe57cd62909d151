/**
 * `POST /api/gaps/accept` with a `GapsAcceptance` as JSON: a person takes note of missing trades. `POST /api/gaps/retry` with a
 * `GapsRetry`: a person has them requested again. A recorder writes it to the log.
 */
import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { z } from 'zod'
import { TickhouseError } from '../../errors.ts'
import { jsonOf } from './json-body.ts'
import type { SourcesAccess } from './sources-routes.ts'

const text = z.string().min(1).max(500)
const id = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const ids = { venue: text, symbol: text, run: id, first: id, last: id }
const ACCEPTANCE = z.strictObject({ ...ids, reason: text, by: text })
export type GapsAcceptance = z.infer<typeof ACCEPTANCE>
/** Of one message to the recorders: some 100 KB. */
export const GAPS_PER_RETRY_MAX = 500
const RETRY = z.strictObject({ gaps: z.array(z.strictObject(ids)).min(1).max(GAPS_PER_RETRY_MAX) })
export type GapsRetry = z.infer<typeof RETRY>

/** Leaves the messages for the recorders. */
export function serveGaps(server: FastifyInstance, { accept, retry }: Pick<SourcesAccess, 'accept' | 'retry'>): void {
  server.post('/api/gaps/accept', async (request, reply) => {
    const parsed = ACCEPTANCE.safeParse(jsonOf(request.body))
    if (!parsed.success || parsed.data.first > parsed.data.last)
      return reply.code(400).send({ message: 'not an acceptance of a range of ids', advice: '' })
    return left(reply, () => accept({ id: randomUUID(), ...parsed.data }))
  })
  server.post('/api/gaps/retry', async (request, reply) => {
    const parsed = RETRY.safeParse(jsonOf(request.body))
    if (!parsed.success || parsed.data.gaps.some(({ first, last }) => first > last))
      return reply.code(400).send({ message: 'not a list of ranges of ids', advice: '' })
    return left(reply, () => retry({ id: randomUUID(), ...parsed.data }))
  })
}

async function left(reply: FastifyReply, leave: () => Promise<void>): Promise<object> {
  try {
    await leave()
  } catch (error) {
    if (!(error instanceof TickhouseError)) throw error
    return reply.code(503).send({ message: error.message, advice: error.advice })
  }
  return {}
}
