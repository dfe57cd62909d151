/**
 * Readers of a trade's values, and the decoder made of them. They accept what the venue usually sends and nothing
 * else; then the trades are the ones that `read-trade.ts` makes of JSON.parse's objects.
 */
import { TIME_MICROS_MAX } from '../../tick/time.ts'
import { SIDE, TradeDraft } from '../../tick/trades.ts'
import type { Sink } from '../venue.ts'
import { literal } from './literal.ts'
import { longId } from './long-id.ts'
import { type Read, scanner } from './values.ts'

const [QUOTE, POINT, COLON, ZULU] = [0x22, 0x2e, 0x3a, 0x5a]

/** The trades of the frame, kept until all of it is read: it is accepted whole or not at all. */
const drafts: TradeDraft[] = []
let trades = 0
let draft = new TradeDraft()

/**
 * Decodes the usual frame of trades; false, without a call to the sink, for any other frame. The trades that `frame`
 * reads are those within `trade`.
 */
export function tradesDecoder(frame: Read): (bytes: Buffer, out: Sink) => boolean {
  return (bytes, out) => {
    if (!scanner.start(bytes)) return false
    trades = 0
    if (!frame() || !scanner.atEnd) return false
    for (let trade = 0; trade < trades; trade++) out.trade(drafts[trade]!)
    return true
  }
}

/** A value that states one trade: what the readers below find in it belongs to that one. */
export function trade(value: Read): Read {
  return () => {
    if (trades === drafts.length) drafts.push(new TradeDraft())
    draft = drafts[trades++]!
    return value()
  }
}

export const symbol: Read = () => {
  if (!scanner.takesByte(QUOTE)) return false
  draft.symbol = scanner.word()
  return draft.symbol !== ''
}

/** The symbol is what follows `prefix` in the text. */
export function symbolAfter(prefix: string): Read {
  const quoted = literal(`"${prefix}`)
  return () => {
    if (!scanner.takes(quoted)) return false
    draft.symbol = scanner.word()
    return draft.symbol !== ''
  }
}

export const priceText: Read = () => {
  if (!scanner.takesByte(QUOTE)) return false
  draft.price = scanner.decimal()
  return draft.price >= 0 && scanner.takesByte(QUOTE)
}

export const volumeText: Read = () => {
  if (!scanner.takesByte(QUOTE)) return false
  draft.volume = scanner.decimal()
  return draft.volume >= 0 && scanner.takesByte(QUOTE)
}

export const priceNumber: Read = () => {
  draft.price = scanner.decimal()
  return draft.price >= 0
}

export const volumeNumber: Read = () => {
  draft.volume = scanner.decimal()
  return draft.volume >= 0
}

export const idNumber: Read = () => {
  const id = scanner.integer()
  draft.tradeId = id
  return id >= 0
}

/** Digits in quotes, up to 19: as a bigint from 2^53 on. */
export const idText: Read = () => {
  if (!scanner.takesByte(QUOTE)) return false
  const digits = scanner.digitsAhead()
  if (digits < 1 || digits > 19) return false
  draft.tradeId = digits <= 15 ? scanner.digits(digits) : longId(scanner.digits(digits - 9), scanner.digits(9))
  return scanner.takesByte(QUOTE)
}

/** The taker's side, by the JSON of the two values. */
export function side(buy: string, sell: string): Read {
  const [isBuy, isSell] = [literal(buy), literal(sell)]
  return () => {
    if (scanner.takes(isBuy)) draft.side = SIDE.buy
    else if (scanner.takes(isSell)) draft.side = SIDE.sell
    else return false
    return true
  }
}

/** Keeps a time in µs since 1970 UTC; false for a negative one, which is none, and for one that is out of range. */
export function takesTime(micros: number, nanos = 0): boolean {
  draft.timestampMicros = micros
  draft.timestampNanos = nanos
  return micros >= 0 && micros < TIME_MICROS_MAX
}

/** Whole ms since 1970 UTC. */
export const timeMs: Read = () => takesTime(scanner.integer() * 1000)

/** The same in quotes. */
export const timeMsText: Read = () => scanner.takesByte(QUOTE) && timeMs() && scanner.takesByte(QUOTE)

/** Whole µs since 1970 UTC in quotes, 16 digits. */
export const timeMicrosText: Read = () =>
  scanner.takesByte(QUOTE) && takesTime(scanner.digits(16)) && scanner.takesByte(QUOTE)

/** Whole ns since 1970 UTC, 19 digits without a zero in front. */
export const timeNanos: Read = () => {
  if (scanner.digitsAhead() !== 19) return false
  const micros = scanner.digits(16)
  return micros >= 1e15 && takesTime(micros, scanner.digits(3))
}

/** RFC 3339 in UTC (`Z`), with nine digits after the point at most. */
export const timeRfc3339: Read = () => {
  if (!scanner.takesByte(QUOTE)) return false
  const minute = scanner.minute()
  if (minute < 0 || !scanner.takesByte(COLON)) return false
  const second = scanner.digits(2)
  if (second < 0 || second > 59) return false
  const nanos = scanner.takesByte(POINT) ? scanner.fraction(9) : 0
  const micros = Math.floor(nanos / 1000)
  if (nanos < 0 || !takesTime(minute + second * 1e6 + micros, nanos - micros * 1000)) return false
  return scanner.takesByte(ZULU) && scanner.takesByte(QUOTE)
}
