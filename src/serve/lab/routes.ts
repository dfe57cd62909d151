/**
 * For the lab: `POST /api/lab/rows` with `{table, rows}` as JSON writes results of strategies to the tables `lab_…`;
 * `GET /api/lab/offsets` answers which records of each partition are stored, null while that is not known; `GET /api/lab/runs` and
 * `GET /api/lab/run?run=<name>` are for the page.
 */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { LAB_TABLES } from '../../lab/results/tables.ts'
import type { Store } from '../../store/store.ts'
import { jsonOf } from '../http/json-body.ts'
import type { Limiter } from '../sql/limiter.ts'
import { readLabRun } from './detail.ts'
import { readLabRuns } from './runs.ts'

const ROWS_MAX = 10_000
const BYTES_MAX = 16 * 2 ** 20
const ROWS = z.strictObject({
  table: z.enum(LAB_TABLES),
  rows: z.array(z.record(z.string(), z.unknown())).max(ROWS_MAX),
})

/** `offsets`: records below are stored, by partition. */
export function serveLab(
  server: FastifyInstance,
  store: Store,
  limiter: Limiter,
  offsets: () => ReadonlyMap<number, number> | undefined,
): void {
  server.get('/api/lab/offsets', async () => {
    const known = offsets()
    return { offsets: known ? [...known] : null }
  })

  server.get('/api/lab/runs', () => limiter.run(() => readLabRuns(store)))

  server.get<{ Querystring: { run?: string } }>('/api/lab/run', async ({ query }, reply) => {
    const found = await limiter.run(() => readLabRun(store, query.run ?? ''))
    return (
      found ?? reply.code(404).send({ message: 'there is no such run', advice: 'List the runs: GET /api/lab/runs' })
    )
  })

  server.post('/api/lab/rows', { bodyLimit: BYTES_MAX }, async (request, reply) => {
    const parsed = ROWS.safeParse(jsonOf(request.body))
    if (!parsed.success) return reply.code(400).send({ message: 'not rows of a table of the lab', advice: '' })
    const { table, rows } = parsed.data
    if (rows.length > 0) await store.insertRows(table, rows)
    return {}
  })
}
