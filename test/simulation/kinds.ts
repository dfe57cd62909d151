/** The kinds of ticks in simulated worlds: trades, and a kind without ids whose table is inserted before that of trades. */
import { type Kind, TRADES } from '../../src/tick/kinds.ts'
import { tradesRecord } from '../../src/tick/records.ts'
import type { TradeColumns } from '../../src/tick/trades.ts'

/** It has the columns of trades: what a batch of several tables means does not depend on them. */
export const MARKS: Kind<TradeColumns> = {
  ...TRADES,
  name: 'marks',
  table: 'marks',
  ids: false,
  encode: marks => ({ ...tradesRecord(marks), kind: 'marks' }),
}

export const SIMULATED_KINDS: readonly Kind[] = [MARKS, TRADES]
