/** Readers of a trade's price, volume, id and side. */
import { SIDE } from '../../tick/trades.ts'
import { literals } from './literal.ts'
import { longId, wordsId } from './long-id.ts'
import { tradeDraft } from './ticks.ts'
import { type Read, scanner } from './values.ts'

const [QUOTE, HYPHEN] = [0x22, 0x2d]

export const priceText: Read = () => {
  if (!scanner.takesByte(QUOTE)) return false
  tradeDraft.price = scanner.decimal()
  return tradeDraft.price >= 0 && scanner.takesByte(QUOTE)
}

export const volumeText: Read = () => {
  if (!scanner.takesByte(QUOTE)) return false
  tradeDraft.volume = scanner.decimal()
  return tradeDraft.volume >= 0 && scanner.takesByte(QUOTE)
}

export const priceNumber: Read = () => {
  tradeDraft.price = scanner.decimal()
  return tradeDraft.price >= 0
}

export const volumeNumber: Read = () => {
  tradeDraft.volume = scanner.decimal()
  return tradeDraft.volume >= 0
}

export const idNumber: Read = () => {
  const id = scanner.integer()
  tradeDraft.tradeId = id
  return id >= 0
}

/** Of an aggregate, the ids of the first and the last trade that it joins. */
export const firstIdNumber: Read = () => {
  tradeDraft.firstId = scanner.integer()
  return tradeDraft.firstId >= 0
}

export const lastIdNumber: Read = () => {
  tradeDraft.lastId = scanner.integer()
  return tradeDraft.lastId >= 0
}

/** The value with a range of ids in order. */
export function joining(value: Read): Read {
  return () => value() && tradeDraft.firstId <= tradeDraft.lastId
}

/** Digits in quotes, up to 19: as a bigint from 2^53 on. */
export const idText: Read = () => {
  if (!scanner.takesByte(QUOTE)) return false
  const digits = scanner.digitsAhead()
  if (digits < 1 || digits > 19) return false
  tradeDraft.tradeId = digits <= 15 ? scanner.digits(digits) : longId(scanner.digits(digits - 9), scanner.digits(9))
  return scanner.takesByte(QUOTE)
}

/** A UUID in quotes: the exclusive or of its halves. */
export const idUuid: Read = () => {
  if (!scanner.takesByte(QUOTE)) return false
  const first = scanner.hex(8)
  const second = scanner.takesByte(HYPHEN) ? scanner.hex(4) : -1
  const third = scanner.takesByte(HYPHEN) ? scanner.hex(4) : -1
  const fourth = scanner.takesByte(HYPHEN) ? scanner.hex(4) : -1
  const fifth = scanner.takesByte(HYPHEN) ? scanner.hex(4) : -1
  const last = scanner.hex(8)
  if (first < 0 || second < 0 || third < 0 || fourth < 0 || fifth < 0 || last < 0) return false
  tradeDraft.tradeId = wordsId(first ^ ((fourth << 16) | fifth), ((second << 16) | third) ^ last)
  return scanner.takesByte(QUOTE)
}

/** The taker's side, by the JSON of the two values. */
export function side(buy: string, sell: string): Read {
  const sides = literals(buy, sell)
  return () => {
    if (scanner.takes(sides, 0)) tradeDraft.side = SIDE.buy
    else if (scanner.takes(sides, 1)) tradeDraft.side = SIDE.sell
    else return false
    return true
  }
}
