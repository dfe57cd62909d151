/** Reports how connections end. */
import { redact } from '../../plain-text.ts'
import type { Emit } from '../../telemetry/events.ts'
import type { Denial } from './denial.ts'

/** How a socket ended, other than by `close`. */
export interface Ending {
  why: string
  /** How long it was open, ms; undefined if it never was. */
  openMs?: number
  /** Set if it ended since no byte arrived for this long, ms. */
  silentMs?: number
  /** Set if the server requests a wait. */
  denial?: Denial | undefined
}

const DETAIL_CHARACTERS_MAX = 200

/** The connection that ended: `url` is without credentials. */
export interface LostConnection {
  venue: string
  connection: string
  url: string
}

/** Emits the event for how it ended; another connection opens after `waitMs`. */
export function reportLoss(
  emit: Emit,
  { venue, connection, url }: LostConnection,
  ending: Ending,
  waitMs: number,
): void {
  const { denial, silentMs, openMs } = ending
  const why = shorten(ending.why)
  if (denial?.kind === 'rate') emit('rate_limited', { venue, detail: why, waitMs })
  else if (denial?.kind === 'region') emit('region_refused', { venue, url, why, waitMs })
  else if (denial?.kind === 'address') emit('address_refused', { venue, url, why, waitMs })
  else if (denial?.kind === 'account') emit('account_refused', { venue, url, why, waitMs })
  else if (denial?.kind === 'plan') emit('plan_refused', { venue, url, why, waitMs })
  else if (denial?.kind === 'connections') emit('connections_exceeded', { venue, url, why, waitMs })
  else if (silentMs) emit('connection_silent', { venue, connection, silentMs, waitMs })
  else if (openMs === undefined) emit('connection_refused', { venue, url, why, waitMs })
  else emit('connection_lost', { venue, connection, why, waitMs })
}

/** A venue's text, of bounded length and without our secrets. */
export function shorten(text: string): string {
  const shown = redact(text)
  return shown.length > DETAIL_CHARACTERS_MAX ? `${shown.slice(0, DETAIL_CHARACTERS_MAX)}…` : shown
}

/** An address to show. */
export function withoutCredentials(base: string): string {
  if (!URL.canParse(base)) return base
  const { protocol, host, pathname } = new URL(base)
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`
}
