/** Counts refused requests by class. */
import type { Measurement } from '../../telemetry/metrics.ts'

/**
 *   denied    not allowed, or from another site
 *   limit     exceeded a limit of time, memory or bytes, or waited too long for a slot
 *   token     a wrong token, or none
 *   failed    the store did not answer
 *   mistake   all others: mostly statements that the engine cannot parse
 */
export type RefusedClass = 'denied' | 'limit' | 'token' | 'failed' | 'mistake'

const DENIED = new Set(['READONLY', 'ACCESS_DENIED'])
const TOKEN = new Set(['AUTHENTICATION_FAILED', 'REQUIRED_PASSWORD'])
const FAILED = new Set(['NETWORK_ERROR', 'ABORTED'])
const LIMIT = /^(TIMEOUT_EXCEEDED|MEMORY_LIMIT_EXCEEDED|TOO_\w+)$/

/** The class of an error, by its ClickHouse name. */
export function refusedClass(name: string): RefusedClass {
  if (TOKEN.has(name)) return 'token'
  if (FAILED.has(name)) return 'failed'
  if (DENIED.has(name)) return 'denied'
  return LIMIT.test(name) ? 'limit' : 'mistake'
}

export class RefusedRequests {
  readonly #counts: Record<RefusedClass, number> = { denied: 0, limit: 0, token: 0, failed: 0, mistake: 0 }

  /** Counts a request, by the ClickHouse name of its error. */
  add(name: string): void {
    this.#counts[refusedClass(name)]++
  }

  measurements(): Measurement[] {
    return Object.entries(this.#counts).map(([reason, value]) => ({
      name: 'requests_refused_total',
      labels: { reason },
      value,
    }))
  }
}
