/** PUT `/api/visible`: which symbols a page has in sight, with a `VisibleSymbols` as JSON. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Live } from './live.ts'
import { VISIBLE_MAX } from './market/symbol-pushes.ts'
import type { VisibleSymbols } from './protocol.ts'

const VISIBLE = z.strictObject({
  stream: z.string().max(64),
  symbols: z.array(z.number().int().min(0)).max(VISIBLE_MAX),
}) satisfies z.ZodType<VisibleSymbols>

export function serveVisible(server: FastifyInstance, live: Pick<Live, 'show'>): void {
  server.put('/api/visible', async (request, reply) => {
    const parsed = VISIBLE.safeParse(request.body)
    if (!parsed.success)
      return reply.code(400).send({ message: `not a list of symbols: ${parsed.error.issues[0]!.message}`, advice: '' })
    const { stream, symbols } = parsed.data
    // A stream that has just ended: the page opens another one.
    return reply.code(live.show(stream, symbols) ? 204 : 404).send()
  })
}
