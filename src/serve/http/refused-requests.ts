/** Counts requests that were refused, in few classes. */
import type { Measurement } from '../../telemetry/metrics.ts'

/**
 *   denied    may not be asked, or not from another site
 *   limit     took too long, too much memory or too many bytes, or waited too long for its turn
 *   token     a wrong token, or none
 *   failed    the store could not answer
 *   mistake   anything else: mostly a statement that the engine does not understand
 */
export type RefusedClass = 'denied' | 'limit' | 'token' | 'failed' | 'mistake'

const DENIED = new Set(['READONLY', 'ACCESS_DENIED'])
const TOKEN = new Set(['AUTHENTICATION_FAILED', 'REQUIRED_PASSWORD'])
const FAILED = new Set(['NETWORK_ERROR', 'ABORTED'])
const LIMIT = /^(TIMEOUT_EXCEEDED|MEMORY_LIMIT_EXCEEDED|TOO_\w+)$/

/** The class of an error, by ClickHouse's name for it. */
export function refusedClass(name: string): RefusedClass {
  if (TOKEN.has(name)) return 'token'
  if (FAILED.has(name)) return 'failed'
  if (DENIED.has(name)) return 'denied'
  return LIMIT.test(name) ? 'limit' : 'mistake'
}

export class RefusedRequests {
  readonly #counts: Record<RefusedClass, number> = { denied: 0, limit: 0, token: 0, failed: 0, mistake: 0 }

  /** Counts one, by ClickHouse's name of its error. */
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
