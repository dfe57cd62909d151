/** What frames of Binance's spot and futures servers have in common: times, the taker's side, answers and errors. */
import { SIDE, type Side } from '../../tick/trades.ts'
import { isObject, type JsonObject } from '../json-text.ts'
import { readMessage, show } from '../read-trade.ts'
import { readBannedUntil } from '../retry-after.ts'
import { type Sink, WITNESS } from '../venue.ts'
import { UNSUBSCRIBE } from './streams.ts'

const MILLISECONDS = { from: 1e12, below: 1e13 }
const MICROSECONDS = { from: 1e15, below: 1e16 }

/** Too many requests: errors.md. */
const TOO_MANY_REQUESTS = -1003

/** A time of Binance, in ms (13 digits) or µs (16 digits), as µs since 1970 UTC; -1 for any other number. */
export function toMicros(time: number): number {
  if (time >= MILLISECONDS.from && time < MILLISECONDS.below) return time * 1000
  return time >= MICROSECONDS.from && time < MICROSECONDS.below ? time : -1
}

/** The taker's side by `m`: the buyer is the maker, so the seller was the taker. */
export function takerSide(buyerIsMaker: unknown): Side | undefined {
  if (typeof buyerIsMaker !== 'boolean') return undefined
  return buyerIsMaker ? SIDE.sell : SIDE.buy
}

/**
 * The event of a frame, of the combined stream or bare. Undefined where there is none, which is then refused, and for the
 * notice of a shutdown.
 */
export function readEvent(frame: Buffer, out: Sink): JsonObject | undefined {
  const message = readMessage(frame, out)
  if (!message) return undefined
  const event = 'stream' in message && 'data' in message ? message.data : message
  if (!isObject(event)) out.refuse('malformed_frame', 'no event in the stream')
  else if (event.e === 'serverShutdown') out.control({ kind: 'closing', detail: 'the server announces its shutdown' })
  else return event
  return undefined
}

/** A message that is no event: the answer to a request, or an error. Anything else is an unknown message. */
export function decodeAnswer(message: JsonObject, out: Sink): void {
  // Answers about a witness are not about ticks.
  const isOfTicks = message.id !== UNSUBSCRIBE && message.id !== WITNESS
  if (message.result === null && 'id' in message) out.control({ kind: isOfTicks ? 'subscribed' : 'heartbeat' })
  else if (message.id === WITNESS && isObject(message.error))
    out.control({ kind: 'error', detail: `witness streams: ${show(message.error.msg)}` })
  else decodeError(isObject(message.error) ? message.error : message, out)
}

/** Errors have a number and a text, a ban also its end: errors.md. Anything else is an unknown message. */
function decodeError(error: JsonObject, out: Sink): void {
  const detail = `${show(error.msg)} (code ${show(error.code)})`
  if (typeof error.code !== 'number') out.refuse('unknown_message', `event ${show(error.e)}`)
  else if (error.code !== TOO_MANY_REQUESTS) out.control({ kind: 'rejected', detail })
  else {
    const { retryAfter, serverTime } = isObject(error.data) ? error.data : {}
    const untilMs = typeof retryAfter === 'number' ? retryAfter : readBannedUntil(String(error.msg))
    out.control({
      kind: 'rate_limited',
      detail,
      ...(untilMs !== undefined && { untilMs }),
      ...(typeof serverTime === 'number' && { nowMs: serverTime }),
    })
  }
}
