/** Compares the fills of two engines, and names the rule by which those of an order differ. */
import assert from 'node:assert/strict'
import { MONEY_DECIMALS, notionalOf } from '../../../src/lab/market/instrument.ts'
import { readWholeMicros } from '../../../src/tick/time.ts'
import type { Case, Market, Played, Told } from './simple-strategies.ts'

/**
 * `touch`: ours fills a resting order in full at a quote at its price, theirs up to the size shown.
 * `immediate`: ours takes the rest of an immediate-or-cancel order one tick worse, within its limit; theirs cancels it.
 * `cancel`: ours cancels when the cancel arrives, theirs after it has matched the next quote.
 * `hidden`: theirs, having filled an order at a limit that the quote is beyond, shows other orders that limit as the best price
 * until the next quote.
 */
export type Rule = 'touch' | 'immediate' | 'cancel' | 'hidden'

export interface Differences {
  /** The orders that differ by each rule. */
  rules: Record<Rule, number[]>
  /** Fees of exactly half a unit: ours rounds to the even one, theirs away from 0. */
  halves: number
}

/** Throws if a difference has no rule. The fees are compared where the fills are equal. */
export function differencesOf(of: Case, market: Market, ours: Played, theirs: readonly Told[]): Differences {
  const found: Differences = { rules: { touch: [], immediate: [], cancel: [], hidden: [] }, halves: 0 }
  const [byOurs, byTheirs] = [Map.groupBy(ours.fills, numberOf), Map.groupBy(theirs, numberOf)]
  for (const order of new Set([...byOurs.keys(), ...byTheirs.keys()])) {
    const [mine, other] = [joined(byOurs.get(order) ?? []), joined(byTheirs.get(order) ?? [])]
    const same = mine.findIndex((fill, at) => !other[at] || textOf(fill) !== textOf(other[at]))
    const equal = same < 0 ? mine.length : same
    for (let at = 0; at < equal; at++) found.halves += halvesOf(mine[at]!, other[at]!, of, market)
    if (equal === mine.length && equal === other.length) continue
    const rule = ruleOf(of, market, ours, mine.slice(equal), other.slice(equal), ours.cancels.get(order))
    assert.ok(rule, `order ${order} of ${nameOf(of)}: ours ${mine.map(textOf)}, theirs ${other.map(textOf)}`)
    found.rules[rule].push(order)
  }
  return found
}

export const nameOf = ({ session, kind, quantity, latencyMs, account }: Case): string =>
  `${session} ${kind} ${quantity} ${latencyMs} ms ${account}`

const numberOf = ({ order }: Told) => order
const textOf = ({ atMicros, side, price, quantity, isMaker }: Joined) =>
  `${atMicros} ${side} ${quantity} at ${price} ${isMaker ? 'maker' : 'taker'}`

interface Joined extends Told {
  /** The quantities of the fills that are one here. */
  parts: bigint[]
}

/** Fills of an order at one time and price are one: theirs may fill the size shown and the rest apart. */
function joined(fills: readonly Told[]): Joined[] {
  const all: Joined[] = []
  for (const fill of fills) {
    const last = all.at(-1)
    if (last && last.atMicros === fill.atMicros && last.price === fill.price && last.isMaker === fill.isMaker) {
      last.quantity += fill.quantity
      last.fee += fill.fee
      last.parts.push(fill.quantity)
    } else all.push({ ...fill, parts: [fill.quantity] })
  }
  return all
}

/** Number of fees in it that are exactly half a unit. Throws for fees that differ by more than these allow. */
function halvesOf(mine: Joined, other: Joined, of: Case, { instrument }: Market): number {
  const rate = BigInt(Math.round(Number(mine.isMaker ? of.fees.maker : of.fees.taker) * 1e8))
  const scale = 10n ** BigInt(MONEY_DECIMALS)
  const rests = other.parts.map(part => (notionalOf(mine.price, part, instrument) * rate) % scale)
  const halves = rests.filter(rest => 2n * rest === scale).length
  // Parts are rounded one by one there, and as one here.
  const allowed = BigInt(other.parts.length > 1 ? other.parts.length : halves)
  const difference = other.fee - mine.fee
  assert.ok(
    (difference < 0n ? -difference : difference) <= allowed,
    `fee ${mine.fee}, theirs ${other.fee}: ${textOf(mine)}`,
  )
  return halves
}

/** The rule by which the fills differ from the first that differs on. */
function ruleOf(
  of: Case,
  market: Market,
  ours: Played,
  mine: Joined[],
  other: Joined[],
  cancelAt?: number,
): Rule | undefined {
  const [first, theirs] = [mine[0], other[0]]
  if (of.kind === 'ioc' && mine.length === 1 && !theirs && !first!.isMaker) return 'immediate'
  if (!first && cancelAt !== undefined && other.every(({ atMicros }) => atMicros === nextQuote(market, cancelAt)))
    return 'cancel'
  if (!first?.isMaker || mine.length > 1) return undefined
  const isHiding = (fill: Told) => fill.isMaker && fill.atMicros === first.atMicros && fill.order !== first.order
  if (theirs?.atMicros !== first.atMicros) return ours.fills.some(isHiding) ? 'hidden' : undefined
  if (!shownAt(market, first).includes(theirs.parts[0]!)) return undefined
  const quantity = other.reduce((sum, each) => sum + each.quantity, 0n)
  const isSame = other.every(({ price, isMaker }) => price === first.price && isMaker)
  return isSame && quantity <= first.quantity && theirs.quantity < first.quantity ? 'touch' : undefined
}

/** The time of the first quote at a time or later; Infinity if there is none. */
function nextQuote({ quotes }: Market, atMicros: number): number {
  for (let row = 0; row < quotes.length; row++) {
    const at = readWholeMicros(quotes.receivedAtWords, row)
    if (at >= atMicros) return at
  }
  return Number.POSITIVE_INFINITY
}

/** Sizes of the other side of the quotes at the time of a fill, where its price is the fill's. */
function shownAt({ quotes, instrument }: Market, { atMicros, side, price }: Told): bigint[] {
  const sizes: bigint[] = []
  const prices = side === 'buy' ? quotes.askPrice : quotes.bidPrice
  const shown = side === 'buy' ? quotes.askSize : quotes.bidSize
  for (let row = 0; row < quotes.length; row++) {
    if (readWholeMicros(quotes.receivedAtWords, row) !== atMicros) continue
    if (BigInt(Math.round(prices[row]! * 10 ** instrument.priceDecimals)) !== price) continue
    sizes.push(BigInt(Math.round(shown[row]! * 10 ** instrument.quantityDecimals)))
  }
  return sizes
}
