/** `/health`, `/ready` and `/metrics`: for those who start a process again, send it work, or draw its figures. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { HealthAnswer, StageName } from '../../status/health.ts'
import type { Measurement } from '../../telemetry/metrics.ts'
import { PROMETHEUS_CONTENT_TYPE, toPrometheus } from '../../telemetry/prometheus.ts'
import { Forbidden } from './access.ts'

export interface HealthOptions {
  health: () => Promise<HealthAnswer>
  measurements: () => Promise<readonly Measurement[]>
  /** Ready is a process whose own stations are in no trouble. */
  own: readonly StageName[]
  /** Throws Forbidden for who may not ask. */
  guard: (request: FastifyRequest) => void
}

/** Whoever sees after processes shows no token: they are told the state and nothing else. */
export const OPEN_PATHS: ReadonlySet<string> = new Set(['/health', '/ready'])

export function serveHealth(server: FastifyInstance, { health, measurements, own, guard }: HealthOptions): void {
  server.get('/health', async request => {
    const answer = await health()
    return mayAsk(guard, request) ? answer : { state: answer.state }
  })

  server.get('/ready', async (request, reply) => {
    const { stations } = await health()
    const troubled = own.filter(name => stations[name]?.state === 'trouble')
    const why = mayAsk(guard, request) ? { why: troubled.map(name => `${name}: ${stations[name]!.advice}`) } : {}
    return reply.code(troubled.length > 0 ? 503 : 200).send({ ready: troubled.length === 0, ...why })
  })

  server.get('/metrics', async (_request, reply) =>
    reply.type(PROMETHEUS_CONTENT_TYPE).send(await toPrometheus(await measurements())),
  )
}

function mayAsk(guard: HealthOptions['guard'], request: FastifyRequest): boolean {
  try {
    guard(request)
    return true
  } catch (error) {
    if (error instanceof Forbidden) return false
    throw error
  }
}
