/**
 * The stream's messages that stocks and crypto share: https://docs.alpaca.markets/docs/streaming-market-data. A frame is
 * a list; a control message is alone in its list, data may come by the thousand.
 */
import { parseRfc3339 } from '../../tick/time.ts'
import { elementTexts, isObject, type JsonObject } from '../json-text.ts'
import { readJson, show } from '../read-trade.ts'
import type { Control, Decode, Sink } from '../venue.ts'
import { isMessagePack, jsonOf, readMessagePack, Timestamp } from './message-pack.ts'

/** The item's own text; of MessagePack its JSON, as bytes. */
export type Raw = () => string | Buffer | undefined
/** Reads one item of a frame. */
export type DecodeItem = (item: JsonObject, out: Sink, raw: Raw) => void

/** Types of items that are known and not recorded: bars, bands, status, news, depth, imbalances. */
const NOT_RECORDED = new Set(['b', 'u', 'd', 'l', 's', 'n', 'o', 'i'])

/** A decoder of frames; `decoders` by the type of the item. */
export function decoderOf(decoders: Readonly<Record<string, DecodeItem>>): Decode {
  return (frame: Buffer, out: Sink): void => {
    const isBinary = isMessagePack(frame)
    const items = isBinary ? readBinary(frame, out) : readJson(frame, out)
    if (items === undefined) return
    if (!Array.isArray(items)) {
      out.refuse('malformed_frame', 'not a list')
      return
    }
    if (items.length === 0) out.control({ kind: 'heartbeat' })
    let texts: string[] | undefined
    for (let index = 0; index < items.length; index++) {
      const item: unknown = items[index]
      const raw = () => {
        if (isBinary) return Buffer.from(jsonOf(item))
        texts ??= elementTexts(frame.toString())
        return texts[index]
      }
      if (isObject(item)) decodeItem(item, decoders, out, raw)
      else out.refuse('malformed_frame', `item ${show(item)}`, raw())
    }
  }
}

function readBinary(frame: Buffer, out: Sink): unknown {
  try {
    return readMessagePack(frame)
  } catch (error) {
    out.refuse('malformed_frame', `not MessagePack: ${(error as Error).message}`)
    return undefined
  }
}

/** A time in text or of MessagePack. */
export function timeOf(value: unknown): { micros: number; nanos: number } | undefined {
  if (typeof value === 'string') return parseRfc3339(value)
  return value instanceof Timestamp ? value : undefined
}

function decodeItem(item: JsonObject, decoders: Readonly<Record<string, DecodeItem>>, out: Sink, raw: Raw): void {
  const { T: type } = item
  if (typeof type !== 'string') out.refuse('unknown_message', `T ${show(type)}`, raw())
  else if (Object.hasOwn(decoders, type)) decoders[type]!(item, out, raw)
  else if (type === 'success') decodeSuccess(item, out, raw)
  else if (type === 'subscription') decodeSubscription(item, out, raw)
  else if (type === 'error') out.control(controlOf(item))
  else if (NOT_RECORDED.has(type)) out.ignore()
  else out.refuse('unknown_message', `T ${show(type)}`, raw())
}

function decodeSuccess({ msg }: JsonObject, out: Sink, raw: Raw): void {
  if (msg === 'authenticated') out.control({ kind: 'authenticated' })
  else if (msg === 'connected') out.control({ kind: 'heartbeat' })
  else out.refuse('unknown_message', `success: msg ${show(msg)}`, raw())
}

/** Lists everything that the connection is subscribed to, after each change. */
function decodeSubscription({ trades, quotes }: JsonObject, out: Sink, raw: Raw): void {
  if (areTexts(trades) && areTexts(quotes)) {
    out.control({ kind: 'subscribed', symbols: trades, all: true, channel: 'trades' })
    out.control({ kind: 'subscribed', symbols: quotes, all: true, channel: 'quotes' })
  } else out.refuse('malformed_frame', `subscription: trades ${show(trades)}, quotes ${show(quotes)}`, raw())
}

function areTexts(list: unknown): list is string[] {
  return Array.isArray(list) && list.every(text => typeof text === 'string')
}

/** What the documented errors mean: https://docs.alpaca.markets/docs/streaming-market-data#errors. */
function controlOf({ code, msg }: JsonObject): Control {
  const detail = `${typeof msg === 'string' ? msg : show(msg)} (code ${show(code)})`
  switch (code) {
    // Invalid syntax, which an invalid symbol causes too; too many symbols; a channel that the feed does not have.
    case 400:
    case 405:
    case 410:
      return { kind: 'rejected', detail }
    case 402:
      return { kind: 'denied', detail, cause: 'account' }
    // Already authenticated.
    case 403:
      return { kind: 'authenticated' }
    case 406:
      return { kind: 'denied', detail, cause: 'connections' }
    // Not enabled for the account; not in its plan.
    case 408:
    case 409:
      return { kind: 'denied', detail, cause: 'plan' }
    // Not authenticated; authenticated too late; slow client: the server drops what it cannot send.
    case 401:
    case 404:
    case 407:
      return { kind: 'denied', detail }
    default:
      return { kind: 'error', detail }
  }
}
