/** What a portfolio states of fees: shares of each fill by venue, the same for all, or by tiers of what was traded lately. */
import { z } from 'zod'

const SHARE = z.number().min(-0.01).max(0.1)
/** Money, in the portfolio's currency. */
const MONEY = z.number().min(0)
const TIER = z.strictObject({ from: MONEY, maker: SHARE, taker: SHARE })
const STATED = z
  .strictObject({
    maker: SHARE.optional(),
    taker: SHARE.optional(),
    /** From a volume of 30 days on. The first is from 0, each next from more. */
    tiers: z.array(TIER).min(1).optional(),
    /** What is traded in 30 days beside the strategy, by the same account at the venue. */
    volume: MONEY.optional(),
  })
  .superRefine(({ maker, taker, tiers, volume }, context) => {
    const refuse = (message: string) => context.addIssue({ code: 'custom', message })
    const isFlat = maker !== undefined || taker !== undefined
    if (tiers ? isFlat : maker === undefined || taker === undefined) refuse('state maker and taker, or tiers')
    if (!tiers && volume !== undefined) refuse('volume chooses one of tiers: state them')
    if (tiers?.[0] && tiers[0].from !== 0) refuse('the first tier is from 0')
    if (tiers?.some(({ from }, at) => at > 0 && from <= tiers[at - 1]!.from))
      refuse('each tier is from more than the last')
  })

/** By venue; `default` for all others. */
export const FEES = z.record(z.string(), STATED).default({})
export type Fees = z.output<typeof FEES>

export interface VenueTiers {
  tiers: readonly z.output<typeof TIER>[]
  volume: number
}

/** Of venues that the portfolio states no fees of. */
const FEE_UNKNOWN = 0.001

/** The fees of a venue as tiers: one where they are the same for all. */
export function tiersOf(fees: Fees, venue: string): VenueTiers {
  const { maker = FEE_UNKNOWN, taker = FEE_UNKNOWN, tiers, volume = 0 } = fees[venue] ?? fees.default ?? {}
  return { tiers: tiers ?? [{ from: 0, maker, taker }], volume }
}
