/** `POST /api/query?format=`: a statement that only reads, for `tickhouse query` and programs without a ClickHouse client. */
import type { FastifyInstance } from 'fastify'
import { TickhouseError } from '../../errors.ts'
import { QueryGuard } from './query-guard.ts'
import type { UntrustedQueries } from './untrusted-queries.ts'

/** Answers a stranger's statement in a format of ClickHouse's, until an abort. Throws what the store throws. */
export type Ask = (query: string, format: string, signal?: AbortSignal) => Promise<Uint8Array>

export function serveQuery(server: FastifyInstance, strangers: UntrustedQueries, ask: Ask): void {
  const gate = new QueryGuard(query => ask(query, 'TSVRaw'))
  server.post<{ Querystring: { format?: string }; Body: string }>('/api/query', async (request, reply) => {
    const { format = 'PrettyCompactMonoBlock' } = request.query
    if (!/^\w+$/.test(format)) {
      throw new TickhouseError(
        'query_failed',
        `no such format: ${format}`,
        'See https://clickhouse.com/docs/interfaces/formats',
      )
    }
    const { bytes } = await strangers.answer(reply.raw, async signal => {
      const { query, settings } = await gate.admit(String(request.body))
      const [setting] = Object.keys(settings)
      if (setting !== undefined)
        throw new TickhouseError(
          'query_failed',
          `${setting} cannot be set here`,
          'See docs/sql-clients.md for where it can.',
        )
      return { bytes: await ask(query, format, signal) }
    })
    return reply.type('application/octet-stream').send(Buffer.from(bytes))
  })
}
