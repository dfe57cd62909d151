/**
 * Quarantine over HTTP, for `tickhouse quarantine`: `GET /api/quarantine` returns reasons or, with `rows`, rows; `POST
 * /api/quarantine/reingest` validates them again. Both filter by query: reason, venue, symbol, since, until (ms), at.
 */
import type { FastifyInstance } from 'fastify'
import { TickhouseError } from '../../errors.ts'
import { listRows, type QuarantineFilter, summarise } from '../../ingest/reprocess/quarantine.ts'
import type { Reprocessor } from '../../ingest/reprocess/reprocess.ts'
import type { Store } from '../../store/store.ts'
import { wholeNumber } from '../http/whole-number.ts'

const ROWS_MAX = 10_000
const ADVICE = 'See: tickhouse quarantine --help'
/** Payload bytes of one answer: a single row is complete, many rows are cut. */
const RAW_BYTES_MAX = 64 * 2 ** 20

type Query = Partial<
  Record<'reason' | 'venue' | 'symbol' | 'since' | 'until' | 'at' | 'rows' | 'raw' | 'dryRun', string>
>

export function serveQuarantine(server: FastifyInstance, store: Store, reprocessor: Reprocessor | null): void {
  server.get<{ Querystring: Query }>('/api/quarantine', async ({ query }) => {
    const filter = filterOf(query)
    if (query.rows === undefined) return summarise(store, filter)
    const rows = Math.min(wholeNumber('rows', query.rows, ADVICE), ROWS_MAX)
    const rawBytesMax = Math.min(
      wholeNumber('raw', query.raw ?? '1000', ADVICE),
      Math.floor(RAW_BYTES_MAX / Math.max(rows, 1)),
    )
    return listRows(store, filter, rows, rawBytesMax)
  })

  let running = false
  server.post<{ Querystring: Query }>('/api/quarantine/reingest', async ({ query }, reply) => {
    if (!reprocessor)
      throw new TickhouseError(
        'store_unavailable',
        'this process is read-only',
        'Use the address of an ingest process: TICKHOUSE_LISTEN=<its address> tickhouse quarantine --reprocess.',
      )
    if (running)
      return reply.code(503).send({ message: 'quarantine is already being reprocessed', advice: 'Try again later.' })
    const filter = filterOf(query)
    running = true
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': 'application/json' })
    // A blank line per page of rows: clients time out on an answer that is silent for minutes.
    const answer = await reprocessor
      .run(filter, query.dryRun === 'true', () => reply.raw.write('\n'))
      .catch(error => ({ message: (error as Error).message, advice: (error as Partial<TickhouseError>).advice ?? '' }))
    running = false
    reply.raw.end(JSON.stringify(answer))
  })
}

function filterOf({ reason, venue, symbol, since, until, at }: Query): QuarantineFilter {
  return {
    ...(reason !== undefined && { reason }),
    ...(venue !== undefined && { venue }),
    ...(symbol !== undefined && { symbol }),
    ...(since !== undefined && { sinceMs: wholeNumber('since', since, ADVICE) }),
    ...(until !== undefined && { untilMs: wholeNumber('until', until, ADVICE) }),
    ...(at !== undefined && { at: positionOf(at) }),
  }
}

function positionOf(at: string): [number, number, number] {
  const [, partition, offset, index] = /^(\d{1,5})\/(\d{1,15})\/(\d{1,10})$/.exec(at) ?? []
  if (index === undefined) throw refused(`not a position: ${at}`)
  return [Number(partition), Number(offset), Number(index)]
}

function refused(message: string): TickhouseError {
  return new TickhouseError('query_failed', message, ADVICE)
}
