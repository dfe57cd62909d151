/** `POST /api/query?format=`: a statement that only reads, for `tickhouse query` and programs without a ClickHouse client. */
import type { FastifyInstance } from 'fastify'
import { TickhouseError } from '../errors.ts'
import { Gate } from './gate.ts'
import type { Turns } from './turns.ts'

/** Answers a stranger's statement in a format of ClickHouse's. Throws what the store throws. */
export type Ask = (query: string, format: string) => Promise<Uint8Array>

export function serveQuery(server: FastifyInstance, turns: Turns, ask: Ask): void {
  const gate = new Gate(query => ask(query, 'TSVRaw'))
  server.post<{ Querystring: { format?: string }; Body: string }>('/api/query', async (request, reply) => {
    const { format = 'PrettyCompactMonoBlock' } = request.query
    if (!/^\w+$/.test(format)) {
      throw new TickhouseError(
        'query_failed',
        `no such format: ${format}`,
        'See https://clickhouse.com/docs/interfaces/formats',
      )
    }
    const bytes = await turns.run(async () => {
      const { query, settings } = await gate.admit(String(request.body))
      const [setting] = Object.keys(settings)
      if (setting !== undefined)
        throw new TickhouseError(
          'query_failed',
          `${setting} cannot be set here`,
          'See docs/sql-clients.md for where it can.',
        )
      return ask(query, format)
    })
    return reply.type('application/octet-stream').send(Buffer.from(bytes))
  })
}
