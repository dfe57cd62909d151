/** Bitfinex's messages about a connection: https://docs.bitfinex.com/docs/ws-general. */
import { isObject, type JsonObject } from '../json-text.ts'
import { show } from '../read-trade.ts'
import type { Sink } from '../venue.ts'

/** Codes of `info`. */
const RESTART = 20_051
const MAINTENANCE = 20_060
const MAINTENANCE_ENDED = 20_061
/** Codes of `error`. */
const ALREADY_SUBSCRIBED = 10_301
const RATE_LIMIT = 11_010

/** Comes after connecting with the platform's state, and at each change. */
export function decodeInfo({ code, msg, platform }: JsonObject, out: Sink): void {
  if (code === RESTART) out.control({ kind: 'closing', detail: show(msg) })
  else if (code === MAINTENANCE) out.control({ kind: 'venue_state', state: 'maintenance', upcoming: '' })
  // The document advises to subscribe to all channels again: a new connection states its platform's state first.
  else if (code === MAINTENANCE_ENDED) out.control({ kind: 'closing', detail: show(msg) })
  else if (isObject(platform)) {
    const state = platform.status === 1 ? 'online' : 'maintenance'
    out.control({ kind: 'venue_state', state, upcoming: '' })
  } else out.control({ kind: 'heartbeat' })
}

/** `kind`: the kind of the channel that the message names, if it is recorded. */
export function decodeError({ code, msg, symbol }: JsonObject, kind: string | undefined, out: Sink): void {
  const detail = `${show(msg)} (code ${show(code)})`
  const about = { ...(typeof symbol === 'string' && { symbols: [symbol] }), ...(kind && { channel: kind }) }
  if (code === RATE_LIMIT) out.control({ kind: 'rate_limited', detail })
  else if (code === ALREADY_SUBSCRIBED) out.control({ kind: 'subscribed', ...about })
  else if (about.symbols) out.control({ kind: 'rejected', detail, ...about })
  else out.control({ kind: 'error', detail })
}
