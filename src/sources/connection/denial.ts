/** What a server means that ends or refuses a connection, and how long it is then left alone. */
import { parseRetryAfter, readBannedUntil, speaksOfRates, waitUntil } from '../../venues/retry-after.ts'
import type { Timings } from './timings.ts'

/**
 *   rate    too many requests: HTTP 418 and 429, and closes that say so
 *   region  HTTP 451 (RFC 7725): the venue may not serve where we are
 *   address HTTP 403: the proxy in front of the venue refuses this address
 *   busy    any other refusal that names a time to come back
 */
export interface Denial {
  kind: 'rate' | 'region' | 'address' | 'busy'
  /** At least so long until the next connection, ms. */
  waitMs: number
}

const POLICY_VIOLATION = 1008

/** A handshake that was answered with an HTTP status and the first kilobytes of a body; undefined if it asks for no wait of its own. */
export function denialOfStatus(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: string,
  timings: Timings,
): Denial | undefined {
  const stated = statedWait(headers, body)
  switch (status) {
    case 418:
      return { kind: 'rate', waitMs: stated ?? timings.bannedMs }
    case 429:
      return { kind: 'rate', waitMs: stated ?? timings.rateLimitedMs }
    case 451:
      return { kind: 'region', waitMs: stated ?? timings.regionRefusedMs }
    case 403:
      return { kind: 'address', waitMs: stated ?? timings.addressRefusedMs }
    default:
      return stated === undefined ? undefined : { kind: 'busy', waitMs: stated }
  }
}

/** A close by the server (RFC 6455, 7.4): 1008 without a reason is taken as HTTP 429, and so is any code whose reason speaks of rates. */
export function denialOfClose(code: number, reason: string, timings: Timings): Denial | undefined {
  if (!speaksOfRates(reason) && !(code === POLICY_VIOLATION && reason === '')) return undefined
  return { kind: 'rate', waitMs: waitUntil(readBannedUntil(reason), Date.now()) ?? timings.rateLimitedMs }
}

function statedWait(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: string,
): number | undefined {
  const one = (name: string) => [headers[name]].flat()[0]
  return parseRetryAfter(one('retry-after'), Date.now(), one('date')) ?? waitUntil(readBannedUntil(body), Date.now())
}
