/** Which ids of a range are not stored. */
import type { StoredTrades } from '../reconcile/stored.ts'
import { type IdRange, joined, without } from '../tick/repairs/id-ranges.ts'
import type { FileTimes } from './file-times.ts'

/** Ids that are counted together: single ones are listed only where some of them are stored. */
const COUNTED_IDS = 100_000

/** Of a run and a part of the ids: how many are stored, and the first and the last of them with their times in µs. */
interface CountedPart {
  run: number
  part: string
  ids: string
  first: [id: string, micros: string]
  last: [id: string, micros: string]
}

/**
 * Ranges of ids from `first` to `last` of trades of the day that no stored trade of the file's run has, rising. Other runs have the same ids at
 * other times. Throws TickhouseErrors.
 */
export async function missingIds(stored: StoredTrades, { first, last }: IdRange, times: FileTimes): Promise<IdRange[]> {
  const rows = await stored.rowsAroundDay<CountedPart>(
    `id_run AS run, toString(intDiv(trade_id, ${COUNTED_IDS})) AS part, toString(uniqExact(trade_id)) AS ids,
     (toString(min(trade_id)), toString(toUnixTimestamp64Micro(argMin(timestamp, trade_id)))) AS first,
     (toString(max(trade_id)), toString(toUnixTimestamp64Micro(argMax(timestamp, trade_id)))) AS last`,
    `AND trade_id >= ${first} AND trade_id <= ${last} GROUP BY run, part`,
  )
  const held: IdRange[] = []
  for (const [run, parts] of Map.groupBy(rows, row => row.run)) {
    if (!isOfFile(parts, times)) continue
    for (const row of parts) {
      const [part, ids] = [Number(row.part), Number(row.ids)]
      const [from, to] = [Math.max(first, part * COUNTED_IDS), Math.min(last, (part + 1) * COUNTED_IDS - 1)]
      if (ids === to - from + 1) held.push({ first: from, last: to })
      else for (const id of await stored.idsBetween(from, to, run)) held.push({ first: id, last: id })
    }
  }
  return without([{ first, last }], joined(held))
}

/** By most of its trades looked at: a venue's clock may have been wrong at one of them. */
function isOfFile(parts: readonly CountedPart[], times: FileTimes): boolean {
  const looked = parts.flatMap(part => [part.first, part.last])
  const fitting = looked.filter(([id, micros]) => times.fits(Number(id), Number(micros)))
  return fitting.length * 2 >= looked.length
}
