/**
 * The completeness of what is stored, for `tickhouse coverage` and the page: `GET /api/coverage?sources=&kind=&from=&to=` (seconds
 * since 1970 UTC) `&by=symbol|day|hour&format=json|csv`, and `/api/coverage/grid`. docs/coverage.md.
 */
import type { FastifyInstance } from 'fastify'
import {
  type CoverageQuery,
  countedBefore,
  countHours,
  coverageGrid,
  coverageStatement,
  RESOLUTIONS,
  type Resolution,
} from '../../coverage/read.ts'
import { TickhouseError } from '../../errors.ts'
import type { Store } from '../../store/store.ts'
import { wholeNumber } from '../http/whole-number.ts'
import type { Limiter } from '../sql/limiter.ts'

const ADVICE = 'See: tickhouse coverage --help'
const FORMATS = { json: 'JSONEachRow', csv: 'CSVWithNames' } as const
/** 2100. */
const END = 4_102_444_800

type Query = Partial<Record<'sources' | 'kind' | 'from' | 'to' | 'by' | 'format', string>>

export function serveCoverage(server: FastifyInstance, store: Store, limiter: Limiter): void {
  server.get<{ Querystring: Query }>('/api/coverage', ({ query }, reply) =>
    limiter.run(async () => {
      const wanted = wantedOf(query)
      const by = oneOf('by', query.by ?? 'day', RESOLUTIONS) as Resolution
      const format = oneOf('format', query.format ?? 'json', Object.keys(FORMATS)) as keyof typeof FORMATS
      const statement = coverageStatement(wanted, by)
      const [{ hours, incomplete }, bytes] = await Promise.all([
        countHours(store, wanted),
        store.untrusted(statement, FORMATS[format]),
      ])
      reply.header('tickhouse-hours', hours).header('tickhouse-incomplete-hours', incomplete)
      reply.header('tickhouse-counted-before', await countedBefore(store))
      if (format === 'csv')
        return reply
          .type('text/csv')
          .header('content-disposition', 'attachment; filename="coverage.csv"')
          .send(Buffer.from(bytes))
      return reply.type('application/json').send(toArray(bytes))
    }),
  )

  server.get<{ Querystring: Query }>('/api/coverage/grid', ({ query }) =>
    limiter.run(() => coverageGrid(store, wantedOf(query))),
  )
}

const [NEWLINE, COMMA] = [10, 44]

/** Objects a line as one array, as bytes: an answer may be too large for a text. */
function toArray(lines: Uint8Array): Buffer {
  let count = 0
  for (let at = lines.indexOf(NEWLINE); at >= 0; at = lines.indexOf(NEWLINE, at + 1)) count++
  const array = Buffer.allocUnsafe(lines.length + count + 3)
  let to = array.write('[')
  for (let from = 0; from < lines.length; ) {
    const end = lines.indexOf(NEWLINE, from)
    if (from > 0) {
      array[to++] = COMMA
      array[to++] = NEWLINE
    }
    array.set(lines.subarray(from, end), to)
    to += end - from
    from = end + 1
  }
  return array.subarray(0, to + array.write(']\n', to))
}

function wantedOf({ sources = '', kind = '', from = '0', to = String(END) }: Query): CoverageQuery {
  return {
    sources,
    kind,
    from: Math.min(END, wholeNumber('from', from, ADVICE)),
    to: Math.min(END, wholeNumber('to', to, ADVICE)),
  }
}

function oneOf(name: string, value: string, choices: readonly string[]): string {
  if (choices.includes(value)) return value
  throw new TickhouseError('query_failed', `${name} must be one of ${choices.join(', ')}, not "${value}"`, ADVICE)
}
