/** The last step of decoders of mark prices and liquidations, as `emitTrade` is for trades: a tick, or a refusal that names the field. */
import { TIME_MICROS_MAX } from '../tick/time.ts'
import { SIDE, type Side } from '../tick/trades.ts'
import { decimalFromText, isImprecise } from './decimal.ts'
import { show } from './read-trade.ts'
import type { Sink } from './venue.ts'

/** A time as a decoder has read it; undefined if it cannot be read. */
type ReadTime = { micros: number } | undefined

/** A mark price's fields, as found in the frame. Optional ones may be missing, or an empty text. */
export interface MarkFields {
  symbol: unknown
  markPrice: unknown
  indexPrice?: unknown
  settlePrice?: unknown
  fundingRate?: unknown
  /** Null if the venue states none. */
  nextFunding: ReadTime | null
  time: ReadTime
}

/** A liquidation's fields, as found in the frame. Optional ones may be missing, or an empty text. */
export interface LiquidationFields {
  symbol: unknown
  /** The order's. */
  side: Side | undefined
  price: unknown
  size: unknown
  averagePrice?: unknown
  filledSize?: unknown
  orderType?: unknown
  timeInForce?: unknown
  status?: unknown
  time: ReadTime
}

/** Reads the text of the frame, or of the one item of it. */
type Raw = () => string | Uint8Array | undefined

/** Hands a mark price to the sink, or refuses it. `raw` is the item's own text where the frame has several. */
export function emitMark(out: Sink, fields: MarkFields, raw?: Raw): void {
  const { symbol, nextFunding, time, markPrice } = fields
  const mark = {
    symbol: String(symbol),
    mark_price: decimalFromText(markPrice),
    index_price: optional(fields.indexPrice),
    settle_price: optional(fields.settlePrice),
    funding_rate: optional(fields.fundingRate),
    timestamp: time?.micros ?? Number.NaN,
    next_funding_at: nextFunding === null ? 0 : (nextFunding?.micros ?? Number.NaN),
  }
  let unreadable: string | undefined
  if (Number.isNaN(mark.mark_price)) unreadable = `mark price ${show(markPrice)}`
  else if (Number.isNaN(mark.index_price)) unreadable = `index price ${show(fields.indexPrice)}`
  else if (Number.isNaN(mark.settle_price)) unreadable = `settle price ${show(fields.settlePrice)}`
  else if (Number.isNaN(mark.funding_rate)) unreadable = `funding rate ${show(fields.fundingRate)}`
  else if (Number.isNaN(mark.next_funding_at)) unreadable = 'next funding time'
  if (!isReadable(out, unreadable, symbol, [mark.timestamp, mark.next_funding_at], raw)) return
  noteImprecise(out, markPrice, fields.indexPrice, fields.settlePrice, fields.fundingRate)
  if (out.mark) out.mark(mark)
  else out.ignore()
}

/** The same of a liquidation. */
export function emitLiquidation(out: Sink, fields: LiquidationFields, raw?: Raw): void {
  const { symbol, side, price, size, averagePrice, filledSize, time } = fields
  const liquidation = {
    symbol: String(symbol),
    side: side === SIDE.buy ? 'buy' : 'sell',
    order_type: word(fields.orderType),
    time_in_force: word(fields.timeInForce),
    status: word(fields.status),
    price: decimalFromText(price),
    size: decimalFromText(size),
    average_price: optional(averagePrice),
    filled_size: optional(filledSize),
    timestamp: time?.micros ?? Number.NaN,
  }
  let unreadable: string | undefined
  if (side === undefined) unreadable = 'side'
  else if (Number.isNaN(liquidation.price)) unreadable = `price ${show(price)}`
  else if (Number.isNaN(liquidation.size)) unreadable = `size ${show(size)}`
  else if (Number.isNaN(liquidation.average_price)) unreadable = `average price ${show(averagePrice)}`
  else if (Number.isNaN(liquidation.filled_size)) unreadable = `filled size ${show(filledSize)}`
  if (!isReadable(out, unreadable, symbol, [liquidation.timestamp], raw)) return
  noteImprecise(out, price, size, averagePrice, filledSize)
  if (out.liquidation) out.liquidation(liquidation)
  else out.ignore()
}

function isReadable(out: Sink, unreadable: string | undefined, symbol: unknown, times: number[], raw?: Raw): boolean {
  const far = times.find(micros => micros < 0 || micros >= TIME_MICROS_MAX)
  const wrong = typeof symbol === 'string' && symbol !== '' ? unreadable : `symbol ${show(symbol)}`
  if (wrong !== undefined) out.refuse('rejected_value', wrong, raw?.())
  else if (Number.isNaN(times[0])) out.refuse('rejected_value', 'time', raw?.())
  else if (far !== undefined) out.refuse('timestamp_out_of_range', `${far} microseconds since 1970`, raw?.())
  else return true
  return false
}

/** A decimal that a venue may leave out, or state as an empty text: 0. */
const optional = (value: unknown): number => (value === undefined || value === '' ? 0 : decimalFromText(value))

/** A venue's word; empty where it states none. */
const word = (value: unknown): string => (typeof value === 'string' ? value.slice(0, WORD_LENGTH_MAX) : '')
const WORD_LENGTH_MAX = 32

function noteImprecise(out: Sink, ...values: unknown[]): void {
  for (const value of values) if (isImprecise(value)) out.imprecise()
}
