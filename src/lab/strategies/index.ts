/** The strategies that come with tickhouse, by name. */
import type { StrategyKind } from '../strategy.ts'
import { BUY_AND_HOLD } from './buy-and-hold.ts'
import { CLASSIFIER } from './classifier.ts'
import { ORDER_FLOW } from './order-flow.ts'
import { TREND } from './trend.ts'
import { VWAP_REVERSION } from './vwap-reversion.ts'

export const STRATEGIES: readonly StrategyKind[] = [BUY_AND_HOLD, TREND, VWAP_REVERSION, ORDER_FLOW, CLASSIFIER]
