/**
 * What is recorded, over HTTP, for `tickhouse sources` and the page: `GET /api/sources` lists it by recorder, `POST
 * /api/sources` with a `SourcesChange` as JSON changes it, and answers with the list after that. `GET /api/venues` and
 * `/api/instruments?venue=&text=` list what could be recorded.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { TickhouseError } from '../../errors.ts'
import type { Choices } from '../../sources/control/choices.ts'
import type { RecorderReport } from '../../sources/status.ts'
import type { RecordedSources } from '../../status/model.ts'
import { jsonOf } from './json-body.ts'

/** A recorder executes a request within a second; its status takes half a second to arrive. */
const ANSWER_MS_MAX = 10_000
const POLL_MS = 100
/** Of one part of a change: thousands of symbols by name. */
const LENGTH_MAX = 100_000

const sources = z.string().min(1).max(LENGTH_MAX)
const CHANGE = z.strictObject({
  add: sources.optional(),
  remove: sources.optional(),
  reset: z.literal(true).optional(),
  /** A part of the configured selection of the recorders that are meant, where there are several. */
  of: z.string().max(LENGTH_MAX).optional(),
})
export type SourcesChange = z.infer<typeof CHANGE>

export interface SourcesAccess extends Choices {
  /** The recorders that run, by their last status. */
  recorders(): RecorderReport[]
  /** Leaves a request for them. Throws a TickhouseError. */
  request(body: object): Promise<void>
  /** Leaves the acceptance of a gap for them: see gaps-routes.ts. Throws a TickhouseError. */
  accept(body: object): Promise<void>
  /** Leaves gaps that are to be requested again for them: see gaps-routes.ts. Throws a TickhouseError. */
  retry(body: object): Promise<void>
  /** Why this process cannot leave one; null if it can. */
  readOnly(): string | null
}

/** A pattern, or the beginning of a symbol. */
const TEXT_LENGTH_MAX = 100

export function serveSources(server: FastifyInstance, access: SourcesAccess): void {
  const recorded = () => access.recorders().map(each => recordedSources(each, access))
  server.get('/api/sources', async () => recorded())
  server.get('/api/venues', async () => access.venues())
  server.get<{ Querystring: Record<string, unknown> }>('/api/instruments', async ({ query: { venue, text } }) =>
    access.instruments(String(venue), String(text ?? '').slice(0, TEXT_LENGTH_MAX)),
  )

  server.post('/api/sources', async (request, reply) => {
    const parsed = CHANGE.safeParse(jsonOf(request.body))
    if (!parsed.success) {
      const { path, message } = parsed.error.issues[0]!
      return reply.code(400).send({ message: `not a change of sources: ${[...path, message].join(': ')}`, advice: '' })
    }
    try {
      await change(access, parsed.data)
    } catch (error) {
      if (!(error instanceof TickhouseError)) throw error
      return reply.code(error.code === 'process_unreachable' ? 503 : 400).send({
        message: error.message,
        advice: error.advice,
      })
    }
    return recorded()
  })
}

/** Requests a change and waits for its outcome. One recorder, or several of the same configuration, execute it. */
async function change(access: SourcesAccess, { of: part, ...parts }: SourcesChange): Promise<void> {
  const of = configuredOf(access.recorders(), part)
  const id = randomUUID()
  await access.request({ id, of, ...parts })
  const endMs = performance.now() + ANSWER_MS_MAX
  while (performance.now() < endMs) {
    await sleep(POLL_MS)
    const asked = access.recorders().filter(({ status }) => status.selection.configured === of)
    const outcomes = asked.map(({ status }) => status.selection.outcomes.find(outcome => outcome.id === id))
    const failure = outcomes.find(outcome => outcome?.failure)?.failure
    if (failure) throw new TickhouseError('config_invalid', failure.message, failure.advice)
    if (outcomes.length > 0 && outcomes.every(outcome => outcome !== undefined)) return
  }
  throw new TickhouseError(
    'process_unreachable',
    `the recorder did not answer within ${ANSWER_MS_MAX / 1000} s`,
    'It may still execute the change: see tickhouse sources list.',
  )
}

/** The configured selection of the recorders that are meant. */
function configuredOf(recorders: readonly RecorderReport[], part: string | undefined): string {
  const configured = [...new Set(recorders.map(({ status }) => status.selection.configured))]
  const meant = configured.filter(each => part === undefined || each.includes(part))
  if (meant.length === 1) return meant[0]!
  if (configured.length === 0)
    throw new TickhouseError(
      'process_unreachable',
      'no recorder is running',
      'Start it with tickhouse start or record.',
    )
  throw new TickhouseError(
    'usage',
    `${meant.length} of ${configured.length} recorders are meant: ${configured.join('; ')}`,
    'Name one with --of and a part of its configured selection.',
  )
}

function recordedSources({ key, status }: RecorderReport, access: SourcesAccess): RecordedSources {
  const { sources, selection, unresolved } = status
  return {
    ...{ recorder: key, configured: selection.configured, sources, unresolved },
    selected: access.selected(sources),
    readOnly: access.readOnly(),
  }
}
