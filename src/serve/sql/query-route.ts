/** POST `/api/query?format=`: a read-only statement, for `tickhouse query` and programs without a ClickHouse client. */
import type { FastifyInstance } from 'fastify'
import { TickhouseError } from '../../errors.ts'
import { QueryGuard } from './query-guard.ts'
import type { UntrustedQueries } from './untrusted-queries.ts'

/** Runs a statement of an untrusted client in a format of ClickHouse, until an abort. Throws errors of the store. */
export type RunQuery = (query: string, format: string, signal?: AbortSignal) => Promise<Uint8Array>

export function serveQuery(server: FastifyInstance, untrusted: UntrustedQueries, run: RunQuery): void {
  const guard = new QueryGuard(query => run(query, 'TSVRaw'))
  server.post<{ Querystring: { format?: string }; Body: string }>('/api/query', async (request, reply) => {
    const { format = 'PrettyCompactMonoBlock' } = request.query
    if (!/^\w+$/.test(format)) {
      throw new TickhouseError(
        'query_failed',
        `unknown format: ${format}`,
        'See https://clickhouse.com/docs/interfaces/formats',
      )
    }
    const { bytes } = await untrusted.answer(reply.raw, async signal => {
      const { query, settings } = await guard.admit(String(request.body))
      const [setting] = Object.keys(settings)
      if (setting !== undefined)
        throw new TickhouseError(
          'query_failed',
          `${setting} cannot be set here`,
          'See docs/sql-clients.md for where it can.',
        )
      return { bytes: await run(query, format, signal) }
    })
    return reply.type('application/octet-stream').send(Buffer.from(bytes))
  })
}
