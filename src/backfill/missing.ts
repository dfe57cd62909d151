/** Which ids of a range are not stored. */
import type { StoredTrades } from '../reconcile/stored.ts'
import { type IdRange, joined, without } from '../tick/repairs/id-ranges.ts'

/** Ids that are counted together: single ones are listed only where some of them are stored. */
const COUNTED_IDS = 100_000

/** Ranges of ids from `first` to `last` of trades of the day that no stored trade has, rising. Throws TickhouseErrors. */
export async function missingIds(stored: StoredTrades, { first, last }: IdRange): Promise<IdRange[]> {
  const rows = await stored.rowsAroundDay<{ part: string; ids: string }>(
    `toString(intDiv(trade_id, ${COUNTED_IDS})) AS part, toString(uniqExact(trade_id)) AS ids`,
    `AND trade_id >= ${first} AND trade_id <= ${last} GROUP BY part`,
  )
  const held: IdRange[] = []
  for (const row of rows) {
    const [part, ids] = [Number(row.part), Number(row.ids)]
    const [from, to] = [Math.max(first, part * COUNTED_IDS), Math.min(last, (part + 1) * COUNTED_IDS - 1)]
    if (ids === to - from + 1) held.push({ first: from, last: to })
    else for (const id of await stored.idsBetween(from, to)) held.push({ first: id, last: id })
  }
  return without([{ first, last }], joined(held))
}
