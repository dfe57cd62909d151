/** A decoded tick that is invalid, as a row of quarantine. */
import type { Kind, TickColumns } from '../../tick/kinds.ts'
import { REFUSALS } from '../../tick/refusal.ts'
import { reasonOf } from '../../tick/validate.ts'
import type { Refused } from '../decode.ts'

/** Row `row` of the columns, with `log_index` `index`, refused for the reason of `code` (see tick/validate.ts). */
export function refusedTick(kind: Kind, ticks: TickColumns, row: number, index: number, code: number): Refused {
  const reason = reasonOf(code)
  return {
    index,
    ticks: 1,
    reason,
    detail: REFUSALS[reason],
    venue: ticks.venues.words[ticks.venue[row]!]!,
    symbol: ticks.symbols.words[ticks.symbol[row]!]!,
    raw: kind.values(ticks, row),
    receivedAtMicros: Number(ticks.receivedAt[row]! / 1000n),
  }
}
