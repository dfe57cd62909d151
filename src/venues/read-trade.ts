/**
 * The last step of every decoder of JSON: fields of the frame become a trade, or a refusal that names the field.
 * Shared, so that no venue is more lenient than another.
 */
import { TIME_MICROS_MAX } from '../tick/time.ts'
import { SIDE, type Side, TradeDraft } from '../tick/trades.ts'
import { isImprecise } from './decimal.ts'
import { elementTexts, isObject, type JsonObject, LongNumber, parseJson } from './json-text.ts'
import type { Sink } from './venue.ts'

const ID_MAX = 2n ** 64n - 1n
const SHOWN_CHARACTERS_MAX = 60

const draft = new TradeDraft()

/** The frame's JSON; undefined if it is none, which is then refused. */
export function readJson(frame: Buffer, out: Sink): unknown {
  try {
    return parseJson(frame)
  } catch (error) {
    out.refuse('malformed_frame', `not JSON: ${(error as Error).message}`)
    return undefined
  }
}

/** The frame's JSON object; undefined if it is not one, which is then refused. */
export function readMessage(frame: Buffer, out: Sink): JsonObject | undefined {
  const message = readJson(frame, out)
  if (message === undefined || isObject(message)) return message
  out.refuse('malformed_frame', 'not a JSON object')
  return undefined
}

/**
 * Calls `decode` for each trade or quote of a frame's list, with the item's own text, which is extracted only if it is refused.
 * `path` leads to the list in the frame. An empty list (a snapshot in which nothing traded) is a sign of life. A value
 * that is not a list, and an item that is not an object, are refused.
 */
export function decodeItems(
  data: unknown,
  frame: Buffer,
  out: Sink,
  decode: (item: JsonObject, out: Sink, raw: () => string | undefined) => void,
  path: [string, ...string[]] = ['data'],
): void {
  if (!Array.isArray(data)) {
    out.refuse('malformed_frame', `data ${show(data)}`)
    return
  }
  if (data.length === 0) out.control({ kind: 'heartbeat' })
  let texts: string[] | undefined
  for (let index = 0; index < data.length; index++) {
    const item: unknown = data[index]
    const raw = () => {
      texts ??= elementTexts(frame.toString(), ...path)
      return texts[index]
    }
    if (isObject(item)) decode(item, out, raw)
    else out.refuse('malformed_frame', `item ${show(item)}`, raw())
  }
}

/** A trade's fields, as found in the frame. */
export interface TradeFields {
  symbol: unknown
  price: unknown
  volume: unknown
  tradeId: unknown
  /** The taker's; undefined if the frame states none that the document knows. */
  side: Side | undefined
  /** Already read; undefined if the frame states none. Micros since 1970 UTC and the nanos beyond. */
  time: { micros: number; nanos: number } | undefined
  /** Of an aggregate, the ids of the first and the last trade that it joins; absent for a trade by itself. */
  joined?: { first: unknown; last: unknown }
  /** The venue's codes, separated by commas; absent for none. */
  conditions?: string
}

/**
 * Hands a trade to the sink, or refuses it. `decimal` reads prices and volumes the way this venue writes them: see
 * `decimal.ts`. `raw` is the item's own text where the frame has several. `id` reads trade ids the way it writes them.
 */
export function emitTrade(
  out: Sink,
  fields: TradeFields,
  decimal: (value: unknown) => number,
  raw?: () => string | Uint8Array | undefined,
  id: (value: unknown) => number | bigint | undefined = readId,
): void {
  const { symbol, side, time } = fields
  const price = decimal(fields.price)
  const volume = decimal(fields.volume)
  const tradeId = id(fields.tradeId)
  const joined = readJoined(fields.joined)
  let unreadable: string | undefined
  if (typeof symbol !== 'string' || symbol === '') unreadable = `symbol ${show(symbol)}`
  else if (Number.isNaN(price)) unreadable = `price ${show(fields.price)}`
  else if (Number.isNaN(volume)) unreadable = `volume ${show(fields.volume)}`
  else if (tradeId === undefined) unreadable = `trade id ${show(fields.tradeId)}`
  else if (joined === undefined) unreadable = `trades ${show(fields.joined?.first)} to ${show(fields.joined?.last)}`
  else if (side === undefined) unreadable = 'side'
  else if (time === undefined) unreadable = 'time'
  else if (time.micros < 0 || time.micros >= TIME_MICROS_MAX) {
    out.refuse('timestamp_out_of_range', `${time.micros} microseconds since 1970`, raw?.())
  } else {
    if (isImprecise(fields.price)) out.imprecise()
    if (isImprecise(fields.volume)) out.imprecise()
    draft.symbol = symbol
    draft.timestampMicros = time.micros
    draft.timestampNanos = time.nanos
    draft.price = price
    draft.volume = volume
    draft.side = side
    draft.tradeId = tradeId
    draft.firstId = joined.first
    draft.lastId = joined.last
    draft.conditions = fields.conditions ?? ''
    out.trade(draft)
  }
  if (unreadable !== undefined) out.refuse('rejected_value', unreadable, raw?.())
}

const JOINS_NONE = { first: 0, last: 0 }

/** Two ids below 2^53, in order; undefined for anything else. */
function readJoined(joined: TradeFields['joined']): { first: number; last: number } | undefined {
  if (joined === undefined) return JOINS_NONE
  const [first, last] = [readId(joined.first), readId(joined.last)]
  return typeof first === 'number' && typeof last === 'number' && first <= last ? { first, last } : undefined
}

/** A venue's integer id; undefined for anything but a JSON integer from 0 to 2^64-1. */
export function readId(value: unknown): number | bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined
  return value instanceof LongNumber ? idFromText(value.text) : undefined
}

/** A venue's integer id in quotes; undefined for anything but digits from 0 to 2^64-1. */
export function idFromText(value: unknown): number | bigint | undefined {
  if (typeof value !== 'string' || !/^\d{1,20}$/.test(value)) return undefined
  // Most ids have 15 digits at most: these need no bigint.
  if (value.length < 16) return Number(value)
  const id = BigInt(value)
  if (id > ID_MAX) return undefined
  return id <= Number.MAX_SAFE_INTEGER ? Number(id) : id
}

/** A time in whole ms since 1970 UTC; undefined for anything else. */
export function readMs(value: unknown): { micros: number; nanos: number } | undefined {
  return typeof value === 'number' && Number.isInteger(value) ? { micros: value * 1000, nanos: 0 } : undefined
}

/** A list of the codes of a trade's conditions, of which a blank is one, as text with commas; empty for anything else. */
export function conditionsOf(codes: unknown): string {
  return Array.isArray(codes) ? codes.filter(code => typeof code === 'string').join(',') : ''
}

/** The side a venue spells `buy` or `sell`. */
export function readSide(value: unknown): Side | undefined {
  if (value === 'buy') return SIDE.buy
  return value === 'sell' ? SIDE.sell : undefined
}

/** A value for a person, at most a line long. */
export function show(value: unknown): string {
  if (value === undefined) return 'missing'
  if (Array.isArray(value)) return 'is a list'
  if (isObject(value)) return 'is an object'
  const text = value instanceof LongNumber ? value.text : JSON.stringify(value)
  return text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text
}
