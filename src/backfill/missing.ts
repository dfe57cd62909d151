/** Which ids of a range are not stored. */
import type { StoredTrades } from '../reconcile/stored.ts'
import type { IdRange } from '../tick/repairs/id-ranges.ts'

/** Ids that are counted together: single ones are listed only where some of them are stored. */
const COUNTED_IDS = 100_000

/** Ranges of ids from `first` to `last` of trades of the day that no stored trade has, rising. Throws TickhouseErrors. */
export async function missingIds(stored: StoredTrades, { first, last }: IdRange): Promise<IdRange[]> {
  const rows = await stored.rowsAroundDay<{ part: string; ids: string }>(
    `toString(intDiv(trade_id, ${COUNTED_IDS})) AS part, toString(uniqExact(trade_id)) AS ids`,
    `AND trade_id >= ${first} AND trade_id <= ${last} GROUP BY part`,
  )
  const held = new Map(rows.map(({ part, ids }) => [Number(part), Number(ids)]))
  const missing: { first: number; last: number }[] = []
  const add = (from: number, to: number) => {
    const before = missing.at(-1)
    if (from > to) return
    if (before && before.last + 1 === from) before.last = to
    else missing.push({ first: from, last: to })
  }
  for (let part = Math.floor(first / COUNTED_IDS); part * COUNTED_IDS <= last; part++) {
    const [from, to] = [Math.max(first, part * COUNTED_IDS), Math.min(last, (part + 1) * COUNTED_IDS - 1)]
    const ids = held.get(part) ?? 0
    let next = from
    if (ids === to - from + 1) continue
    if (ids > 0)
      for (const id of await stored.idsBetween(from, to)) {
        add(next, id - 1)
        next = id + 1
      }
    add(next, to)
  }
  return missing
}
