/** What a portfolio's file may state. */
import { z } from 'zod'
import { FEES } from './fees.ts'

const POSITIVE = z.number().positive()
const SHARE = z.number().min(0).max(1)
/** A number, or the least and the most of a uniform draw. */
const RANGE = z.union([z.number().min(0), z.tuple([z.number().min(0), z.number().min(0)])])
const NAME = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, - and _')
/** `binance:BTCUSDT` */
const SYMBOL = z.string().regex(/^[a-z0-9]+:\S+$/, 'a venue, a colon and a symbol')

const LIMITS = z.strictObject({
  position: POSITIVE.optional(),
  gross: POSITIVE.optional(),
  order: POSITIVE.optional(),
  daily_loss: POSITIVE.optional(),
  drawdown: SHARE.optional(),
})

const STRATEGY = z.strictObject({
  name: NAME,
  kind: z.string().min(1),
  symbols: z.array(SYMBOL).min(1),
  capital: POSITIVE,
  parameters: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])).default({}),
  limits: LIMITS.default({}),
  on: z.boolean().default(true),
})

export const PORTFOLIO = z.strictObject({
  name: NAME,
  currency: z.string().min(1).max(12),
  seed: z.number().int().min(0).default(1),
  /** The time that orders events: when we received them, or the venue's, for history that was downloaded. */
  clock: z.enum(['received', 'venue']).default('received'),
  /** The file that switches a live run off, relative to this one. */
  kill_switch: z.string().min(1).optional(),
  order_latency_ms: RANGE.default(50),
  stale_seconds: POSITIVE.default(30),
  /** With times of receipt further from the venue's nothing new is ordered. */
  clock_apart_seconds: POSITIVE.default(5),
  /** For so long after a gap was found nothing new is ordered, unless it is repaired before. */
  gap_hold_seconds: z.number().min(0).default(60),
  mark_seconds: z.number().int().positive().default(60),
  fills: z
    .strictObject({
      rest: z.enum(['next_quote', 'one_tick']).default('next_quote'),
      limits: z.enum(['through', 'touch']).default('through'),
      consumes: z.boolean().default(true),
      slippage_ticks: z.number().int().min(0).default(1),
      participation: SHARE.default(0.1),
    })
    .prefault({}),
  fees: FEES,
  instruments: z
    .record(
      SYMBOL,
      z.strictObject({
        tick_size: POSITIVE.optional(),
        lot_size: POSITIVE.optional(),
        /** What a quantity of 1 stands for: coins, or of an inverse contract money of the price's currency. */
        contract_size: POSITIVE.optional(),
        inverse: z.boolean().optional(),
      }),
    )
    .default({}),
  /** Of all strategies together. */
  limits: LIMITS.pick({ daily_loss: true, drawdown: true }).default({}),
  strategies: z.array(STRATEGY).min(1),
})

export type Portfolio = z.output<typeof PORTFOLIO>
export type StrategyEntry = Portfolio['strategies'][number]
