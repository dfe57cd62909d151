/** Why a server denies connections from here, and how long to wait before the next one. */
import { parseRetryAfter, readBannedUntil, reportsRateLimit, waitUntil } from '../../venues/retry-after.ts'
import type { Control } from '../../venues/venue.ts'
import type { Timings } from './timings.ts'

/**
 *   rate    too many requests: HTTP 418 and 429, and closes with such a reason
 *   region  HTTP 451 (RFC 7725): the venue may not serve our region
 *   address HTTP 403: the proxy in front of the venue refuses this address
 *   account HTTP 401, or a message: the venue does not accept the user's key
 *   plan    a message: the account's plan does not include the feed
 *   connections  a message: the account has as many connections as it may
 *   busy    any other refusal that names a time to come back
 */
export interface Denial {
  kind: 'rate' | 'region' | 'address' | 'account' | 'plan' | 'connections' | 'busy'
  /** Minimum wait before the next connection, ms. */
  waitMs: number
}

type DeniedControl = Extract<Control, { kind: 'denied' }>

const POLICY_VIOLATION = 1008

/** For a handshake answered with an HTTP status and the first kilobytes of a body; undefined if it requests no wait. */
export function denialOfStatus(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: string,
  timings: Timings,
  nowMs = Date.now(),
): Denial | undefined {
  const requestedMs = requestedWait(headers, body, nowMs)
  switch (status) {
    case 401:
      return { kind: 'account', waitMs: requestedMs ?? timings.accountRefusedMs }
    case 418:
      return { kind: 'rate', waitMs: requestedMs ?? timings.bannedMs }
    case 429:
      return { kind: 'rate', waitMs: requestedMs ?? timings.rateLimitedMs }
    case 451:
      return { kind: 'region', waitMs: requestedMs ?? timings.regionRefusedMs }
    case 403:
      return { kind: 'address', waitMs: requestedMs ?? timings.addressRefusedMs }
    default:
      return requestedMs === undefined ? undefined : { kind: 'busy', waitMs: requestedMs }
  }
}

/**
 * For a close by the server (RFC 6455, 7.4): 1008 without a reason counts as HTTP 429, and so does a reason that
 * mentions rates.
 */
export function denialOfClose(code: number, reason: string, timings: Timings): Denial | undefined {
  if (!reportsRateLimit(reason) && !(code === POLICY_VIOLATION && reason === '')) return undefined
  return { kind: 'rate', waitMs: waitUntil(readBannedUntil(reason), Date.now()) ?? timings.rateLimitedMs }
}

/** For a venue's message that it serves a connection no longer; undefined if it requests no wait. */
export function denialOfControl({ cause }: DeniedControl, timings: Timings): Denial | undefined {
  switch (cause) {
    case 'account':
      return { kind: cause, waitMs: timings.accountRefusedMs }
    case 'plan':
      return { kind: cause, waitMs: timings.planRefusedMs }
    case 'connections':
      return { kind: cause, waitMs: timings.connectionsExceededMs }
    case undefined:
      return undefined
  }
}

function requestedWait(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: string,
  nowMs: number,
): number | undefined {
  const one = (name: string) => [headers[name]].flat()[0]
  return parseRetryAfter(one('retry-after'), nowMs, one('date')) ?? waitUntil(readBannedUntil(body), nowMs)
}
