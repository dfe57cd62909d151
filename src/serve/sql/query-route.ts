/**
 * POST `/api/query?format=`: a read-only statement, for `tickhouse query` and programs without a ClickHouse client; as JSON, over
 * the rows at some positions of the log only.
 */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { TickhouseError } from '../../errors.ts'
import type { Selection } from '../../store/store.ts'
import { QueryGuard } from './query-guard.ts'
import type { UntrustedQueries } from './untrusted-queries.ts'

/** Runs a statement of an untrusted client in a format of ClickHouse, until an abort, over some rows or all. Throws errors of the store. */
export type RunQuery = (query: string, format: string, signal?: AbortSignal, only?: Selection) => Promise<Uint8Array>

const count = z.int().min(0)
/** The body of a query over some rows only, as JSON. */
const SELECTED = z.strictObject({
  query: z.string(),
  only: z.record(z.string(), z.array(z.tuple([count, count, count]))),
})

export function serveQuery(server: FastifyInstance, untrusted: UntrustedQueries, run: RunQuery): void {
  const guard = new QueryGuard(query => run(query, 'TSVRaw'))
  server.post<{ Querystring: { format?: string }; Body: unknown }>('/api/query', async (request, reply) => {
    const { format = 'PrettyCompactMonoBlock' } = request.query
    if (!/^\w+$/.test(format)) {
      throw new TickhouseError(
        'query_failed',
        `unknown format: ${format}`,
        'See https://clickhouse.com/docs/interfaces/formats',
      )
    }
    const { statement, only } = statementOf(request.body)
    const { bytes } = await untrusted.answer(reply.raw, async signal => {
      const { query, settings } = await guard.admit(statement)
      const [setting] = Object.keys(settings)
      if (setting !== undefined)
        throw new TickhouseError(
          'query_failed',
          `${setting} cannot be set here`,
          'See docs/sql-clients.md for where it can.',
        )
      return { bytes: await run(query, format, signal, only) }
    })
    return reply.type('application/octet-stream').send(Buffer.from(bytes))
  })
}

function statementOf(body: unknown): { statement: string; only?: Selection } {
  if (typeof body !== 'object' || body === null) return { statement: String(body) }
  const { data } = SELECTED.safeParse(body)
  if (data) return { statement: data.query, only: data.only }
  throw new TickhouseError('query_failed', 'the body is neither a statement nor a selection', 'See docs/datasets.md.')
}
