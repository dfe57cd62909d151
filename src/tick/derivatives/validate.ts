/** Whether a mark price or a liquidation may be stored. Pure, and as strict as for trades: see ../validate.ts. */
import { AHEAD_MICROS_MAX } from '../time.ts'
import { CODE, isPositive, type Validity, wrongWords } from '../validate.ts'
import { type LiquidationColumns, SIDES } from './liquidations.ts'
import type { MarkColumns } from './marks.ts'

/** Above any funding of one period. */
const FUNDING_RATE_MAX = 10

/** Marks invalid rows in `codes` and returns how many. Funding rates may be negative. */
export function validateMarks(
  marks: MarkColumns,
  venues: Pick<ReadonlySet<string>, 'has'>,
  codes: Validity,
  nowMicros = 0,
): number {
  const { mark_price, index_price, settle_price, funding_rate } = marks.sizes
  return validateRows(marks, venues, codes, nowMicros, row => {
    if (!isPositive(mark_price[row]!)) return CODE.price_out_of_range
    if (!isStatedOrZero(index_price[row]!) || !isStatedOrZero(settle_price[row]!)) return CODE.price_out_of_range
    if (!(Math.abs(funding_rate[row]!) < FUNDING_RATE_MAX)) return CODE.funding_rate_out_of_range
    return marks.times.next_funding_at[row]! < 0n ? CODE.timestamp_out_of_range : 0
  })
}

/** Marks invalid rows in `codes` and returns how many. */
export function validateLiquidations(
  liquidations: LiquidationColumns,
  venues: Pick<ReadonlySet<string>, 'has'>,
  codes: Validity,
  nowMicros = 0,
): number {
  const { price, size, average_price, filled_size } = liquidations.sizes
  const isSide = liquidations.words.side.words.map(word => SIDES.includes(word))
  return validateRows(liquidations, venues, codes, nowMicros, row => {
    if (!isPositive(price[row]!) || !isStatedOrZero(average_price[row]!)) return CODE.price_out_of_range
    if (!isPositive(size[row]!) || !isStatedOrZero(filled_size[row]!)) return CODE.volume_out_of_range
    return isSide[liquidations.codes.side[row]!] ? 0 : CODE.side_unknown
  })
}

function validateRows(
  ticks: MarkColumns | LiquidationColumns,
  venues: Pick<ReadonlySet<string>, 'has'>,
  codes: Validity,
  nowMicros: number,
  ownCode: (row: number) => number,
): number {
  const { badVenue, badSymbol } = wrongWords(ticks, venues)
  const { timestamp, received_at } = ticks.times
  const [now, aheadMax] = [BigInt(nowMicros) * 1000n, BigInt(AHEAD_MICROS_MAX) * 1000n]
  let marked = 0
  for (let row = 0; row < ticks.length; row++) {
    const receivedAt = received_at[row]! > now ? received_at[row]! : now
    let code = 0
    if (timestamp[row]! < 0n || received_at[row]! < 0n) code = CODE.timestamp_out_of_range
    else if (timestamp[row]! - receivedAt > aheadMax) code = CODE.timestamp_ahead
    else if (badVenue[ticks.venue[row]!]) code = CODE.unknown_venue
    else if (badSymbol[ticks.symbol[row]!]) code = CODE.symbol_invalid
    else code = ownCode(row)
    codes[row] = code
    if (code !== 0) marked++
  }
  return marked
}

/** A price or size that a venue may leave out. */
const isStatedOrZero = (value: number): boolean => value === 0 || isPositive(value)
