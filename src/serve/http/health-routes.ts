/** `/health`, `/ready` and `/metrics`, for supervisors, load balancers and Prometheus. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Cosigning } from '../../archive/archive.ts'
import type { Supervision } from '../../service.ts'
import type { SymbolState } from '../../sources/subscription/symbol-states.ts'
import type { HealthAnswer, StageName } from '../../status/health.ts'
import type { Measurement } from '../../telemetry/metrics.ts'
import { PROMETHEUS_CONTENT_TYPE, toPrometheus } from '../../telemetry/prometheus.ts'
import { serveCosigning } from '../page/cosigning-routes.ts'
import { Forbidden } from './access.ts'
import { serveGaps } from './gaps-routes.ts'
import { type SourcesAccess, serveSources } from './sources-routes.ts'
import { serveUpgrade } from './upgrade-routes.ts'

export interface HealthOptions {
  health: () => Promise<HealthAnswer>
  measurements: () => Promise<readonly Measurement[]>
  /** The stages of this process: it is ready unless one of them is in trouble. */
  own: readonly StageName[]
  /** Why this process, which has started, is not ready yet; empty once it is. */
  starting?: () => readonly string[]
  /** The state of every recorded symbol, of a process that knows it. */
  symbols?: () => readonly SymbolState[]
  /** What is recorded, and how to change it, of a process that knows it. */
  sources?: SourcesAccess
  /** For witnesses, of a process that seals the archive. */
  cosigning?: Cosigning | null
  /** The supervisor of a process that has one. */
  supervision?: Supervision | undefined
  /** Throws Forbidden for a request without access. */
  authorize: (request: FastifyRequest) => void
}

/** Subscriptions in one answer: twice of what the largest venues list. */
const SYMBOLS_MAX = 50_000

/** Open without a token: then they answer only the state. */
export const OPEN_PATHS: ReadonlySet<string> = new Set(['/health', '/ready'])

export function serveHealth(server: FastifyInstance, options: HealthOptions): void {
  const { health, measurements, own, starting, symbols, sources, cosigning, supervision, authorize } = options
  server.get('/health', async request => {
    const answer = await health()
    return isAuthorized(authorize, request) ? answer : { state: answer.state }
  })

  server.get('/ready', async (request, reply) => {
    const { stations } = await health()
    const troubled = own.filter(name => stations[name]?.state === 'trouble')
    const reasons = [...troubled.map(name => `${name}: ${stations[name]!.advice}`), ...(starting?.() ?? [])]
    const why = isAuthorized(authorize, request) ? { why: reasons } : {}
    return reply.code(reasons.length > 0 ? 503 : 200).send({ ready: reasons.length === 0, ...why })
  })

  if (sources) {
    serveSources(server, sources)
    serveGaps(server, sources)
  }
  if (cosigning) serveCosigning(server, cosigning)
  if (supervision) serveUpgrade(server, supervision)
  if (symbols) server.get('/api/symbols', async () => symbols().slice(0, SYMBOLS_MAX))

  server.get('/metrics', async (_request, reply) =>
    reply.type(PROMETHEUS_CONTENT_TYPE).send(await toPrometheus(await measurements())),
  )
}

function isAuthorized(authorize: HealthOptions['authorize'], request: FastifyRequest): boolean {
  try {
    authorize(request)
    return true
  } catch (error) {
    if (error instanceof Forbidden) return false
    throw error
  }
}
