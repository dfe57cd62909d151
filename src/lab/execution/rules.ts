/** The rules of paper fills, as a portfolio states them. docs/lab.md explains each. */

/** What happens to the part of a taker's order beyond the size shown. */
export type RestRule =
  /** It takes from the next states of the quote, up to the size of each. */
  | 'next_quote'
  /** It is filled immediately, one tick worse. */
  | 'one_tick'

/** When a resting limit order is filled. */
export type LimitRule =
  /** By a trade or a quote beyond its price, up to that volume or size. */
  | 'through'
  /** By a trade or a quote at its price, in full. */
  | 'touch'

export interface FillRules {
  rest: RestRule
  limits: LimitRule
  /** What an own order took from a state of the quote is not there for the next. */
  consumes: boolean
  /** Added to a taker's price where fills are by trades, since no quotes are recorded: ticks. */
  slippageTicks: number
  /** An order larger than this share of what was traded in the last minute is marked; 0 marks none. */
  participation: number
}

export const DEFAULT_RULES: FillRules = {
  rest: 'next_quote',
  limits: 'through',
  consumes: true,
  slippageTicks: 1,
  participation: 0.1,
}

/** Shares of notional, in units of 10^-8. */
export interface FeeRates {
  maker: bigint
  taker: bigint
}

export const RATE_DECIMALS = 8
