/**
 * Ticks as JSON, the form other people's producers write: one object a record or one a line, with at least `symbol`,
 * `price`, `volume` and `timestamp`; `venue`, `side` and `trade_id` where they are known.
 */
import { createHash } from 'node:crypto'
import type { Refusal } from './refusal.ts'
import { parseRfc3339, TIME_MICROS_MAX } from './time.ts'
import { ORIGIN, SIDE, type Side, TradeColumns } from './trades.ts'

/** The venue of a tick that names none. */
export const EXTERNAL_VENUE = 'external'

/** One line that is no tick, and why. `index` is its place among the record's lines. */
export interface RefusedLine {
  index: number
  reason: Refusal
  detail: string
  /** The line as received. */
  raw: Uint8Array
}

export interface JsonTrades {
  trades: TradeColumns
  /** The line of each row of `trades`. */
  indexes: Uint32Array
  refused: RefusedLine[]
}

/** The number of lines that are not blank: the ticks of `readJsonTrades`, good and refused together. */
export function countJsonLines(payload: Uint8Array): number {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  let lines = 0
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(0x0a, from)
    const below = end < 0 ? bytes.length : end
    const first = bytes[from]!
    // Most lines begin with "{": only others are looked at as text, since some blanks are longer than a byte.
    const plain = first > 0x20 && first < 0x7f && below > from
    if (plain || bytes.toString('utf8', from, below).trim() !== '') lines += 1
    from = below + 1
  }
  return lines
}

type Parsed = { reason: Refusal; detail: string }

/**
 * Reads a record of JSON ticks. `receivedAtMicros` is the log's own time of the record, which stands for our clock;
 * `firstId` numbers ticks that bring no id: firstId + index must be unique.
 */
export function readJsonTrades(payload: Uint8Array, receivedAtMicros: number, firstId: bigint): JsonTrades {
  const lines = linesOf(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength))
  const trades = new TradeColumns(lines.length)
  const indexes = new Uint32Array(lines.length)
  const refused: RefusedLine[] = []
  for (const [index, raw] of lines.entries()) {
    const outcome = addLine(trades, raw.toString(), receivedAtMicros, firstId + BigInt(index))
    if (outcome) refused.push({ index, raw, ...outcome })
    else indexes[trades.length - 1] = index
  }
  return { trades, indexes, refused }
}

/** The lines that are not blank. A line feed is a byte of its own in UTF-8. */
function linesOf(payload: Buffer): Buffer[] {
  const lines: Buffer[] = []
  for (let start = 0; start < payload.length; ) {
    const found = payload.indexOf(0x0a, start)
    const end = found < 0 ? payload.length : found
    const line = payload.subarray(start, end)
    if (line.toString().trim() !== '') lines.push(line)
    start = end + 1
  }
  return lines
}

function addLine(trades: TradeColumns, raw: string, receivedAtMicros: number, ownId: bigint): Parsed | undefined {
  let tick: Record<string, unknown>
  try {
    // Takes off a byte order mark too, which JSON does not allow.
    tick = JSON.parse(raw.trim())
  } catch (error) {
    return { reason: 'undecodable_record', detail: (error as Error).message }
  }
  if (Array.isArray(tick)) return { reason: 'undecodable_record', detail: 'a list: write one tick a line' }
  if (typeof tick !== 'object' || tick === null) return { reason: 'undecodable_record', detail: 'not a JSON object' }
  const { venue = EXTERNAL_VENUE, symbol, side = 'unknown' } = tick
  if (typeof venue !== 'string') return { reason: 'unknown_venue', detail: 'venue is not a text' }
  if (typeof symbol !== 'string') return { reason: 'symbol_invalid', detail: 'symbol is missing or not a text' }
  const price = toNumber(tick.price)
  if (price === undefined) return { reason: 'price_out_of_range', detail: 'price is missing or not a number' }
  const volume = toNumber(tick.volume)
  if (volume === undefined) return { reason: 'volume_out_of_range', detail: 'volume is missing or not a number' }
  const time = toTime(tick.timestamp)
  if (time === undefined) return { reason: 'timestamp_out_of_range', detail: 'timestamp is missing or not a time' }
  if (typeof side !== 'string' || !Object.hasOwn(SIDE, side))
    return { reason: 'side_unknown', detail: 'side is not buy, sell or unknown' }
  trades.add({
    venue,
    symbol,
    timestampMicros: time.micros,
    timestampNanos: time.nanos,
    receivedAtMicros,
    price,
    volume,
    side: SIDE[side as keyof typeof SIDE] satisfies Side,
    tradeId: toId(tick.trade_id, raw) ?? ownId,
    origin: ORIGIN.live,
  })
  return undefined
}

/** A JSON number, or its decimal text. */
function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'string' && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value)) return Number(value)
  return undefined
}

/**
 * RFC 3339 text, or seconds, ms, µs or ns since 1970 as a number or its text: their sizes do not overlap between 1973
 * and 5138. Of a text every digit counts; a JSON number in ns is only exact to some 200 ns.
 */
function toTime(value: unknown): { micros: number; nanos: number } | undefined {
  const time = typeof value === 'string' ? (textTime(value) ?? parseRfc3339(value)) : numberTime(value)
  return time && time.micros >= 0 && time.micros <= TIME_MICROS_MAX ? time : undefined
}

function numberTime(value: unknown): { micros: number; nanos: number } | undefined {
  if (typeof value !== 'number' || !(value > 0)) return undefined
  if (value >= MICROS_BELOW) return { micros: Math.floor(value / 1000), nanos: 0 }
  // Rounded: a double of seconds is a fraction of a microsecond below or above what its writer meant.
  return { micros: Math.round(value * (value < SECONDS_BELOW ? 1e6 : value < MILLIS_BELOW ? 1e3 : 1)), nanos: 0 }
}

const [SECONDS_BELOW, MILLIS_BELOW, MICROS_BELOW] = [1e11, 1e14, 1e17]

function textTime(text: string): { micros: number; nanos: number } | undefined {
  const [, whole, fraction = ''] = /^(\d{1,19})(?:\.(\d{1,9}))?$/.exec(text) ?? []
  if (whole === undefined) return undefined
  const size = Number(whole)
  const digits = size < SECONDS_BELOW ? 9 : size < MILLIS_BELOW ? 6 : size < MICROS_BELOW ? 3 : 0
  const nanos = BigInt(whole + fraction.slice(0, digits).padEnd(digits, '0'))
  return nanos > 0n ? { micros: Number(nanos / 1000n), nanos: Number(nanos % 1000n) } : undefined
}

const ID_MAX = 2n ** 64n - 1n

/** A venue's own integer id; the first 64 bits of SHA-256 for any other text. */
function toId(value: unknown, line: string): bigint | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  // An integer beyond 2^53 was rounded when it was read: the line has its digits.
  const text = typeof value === 'number' ? /"trade_id"\s*:\s*(\d+)\s*[,}]/.exec(line)?.[1] : value
  if (typeof text !== 'string' || text === '') return undefined
  if (/^\d{1,20}$/.test(text) && BigInt(text) <= ID_MAX) return BigInt(text)
  return createHash('sha256').update(text).digest().readBigUInt64LE()
}
