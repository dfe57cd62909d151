/** The gaps whose cause is to be found, and table `gap_causes`. Times are µs since 1970 UTC. */
import { microsText } from '../../store/sql.ts'
import type { Store } from '../../store/store.ts'
import type { Caused, GapCause } from './cause.ts'

/** A gap as its newest row is; `afterMicros` and `beforeMicros` are 0 if not known. */
export interface PendingGap {
  venue: string
  symbol: string
  run: number
  first: number
  last: number
  afterMicros: number
  beforeMicros: number
  foundMicros: number
  changedMicros: number
  /** The cause that was found before, of an earlier state of it. */
  known: Caused & { refused: number }
}

/** A gap without a cause is looked at again within this time: what explains it may be written late. */
const AGAIN_WITHIN = 'INTERVAL 1 HOUR'
const AGAIN_AFTER = 'INTERVAL 10 MINUTE'

const KEY = 'venue, symbol, first_id, last_id, id_run'
const micros = (column: string) => `toString(toUnixTimestamp64Micro(${column}))`
const COLUMNS = `venue, symbol, toUInt32(id_run) AS run, toString(first_id) AS first, toString(last_id) AS last,
  ${micros('after_at')} AS afterMicros, ${micros('before_at')} AS beforeMicros, ${micros('found_at')} AS foundMicros,
  ${micros('changed_at')} AS changedMicros, cause, detail, toString(refused) AS refused`
const CAUSES = `(SELECT ${KEY}, cause, detail, refused, gap_changed_at, evaluated_at FROM gap_causes FINAL) AS causes USING (${KEY})`

type Row = Record<Exclude<keyof PendingGap, 'known'> | 'cause' | 'detail' | 'refused', string>

/** At most `limit` of all gaps that no row of `gap_causes` is about as they are now, the last changed first. */
export async function unexplainedGaps(store: Store, untilMicros: number, limit: number): Promise<PendingGap[]> {
  const rows = await store.rows<Row>(
    `SELECT ${COLUMNS} FROM (SELECT * FROM gaps FINAL) AS gaps
     LEFT JOIN ${CAUSES}
     WHERE changed_at <= fromUnixTimestamp64Micro({until:Int64}, 'UTC')
       AND (gap_changed_at < changed_at OR (cause = '' AND evaluated_at < changed_at + ${AGAIN_WITHIN}
         AND evaluated_at < fromUnixTimestamp64Micro({until:Int64}, 'UTC') - ${AGAIN_AFTER}))
     ORDER BY changed_at DESC LIMIT {limit:UInt32}`,
    { until: untilMicros, limit },
  )
  return rows.map(toGap)
}

/** The gaps changed after one time and until another, the first ones; more than `limit` only where they changed at the same time. */
export async function changedBetween(
  store: Store,
  span: { sinceMicros: number; untilMicros: number },
  limit: number,
): Promise<PendingGap[]> {
  const rows = await store.rows<Row>(
    `SELECT ${COLUMNS} FROM
     (
       SELECT * FROM gaps FINAL
       WHERE changed_at > fromUnixTimestamp64Micro({since:Int64}, 'UTC') AND changed_at <= fromUnixTimestamp64Micro({until:Int64}, 'UTC')
       ORDER BY changed_at LIMIT {limit:UInt32} WITH TIES
     ) AS gaps
     LEFT JOIN ${CAUSES} ORDER BY changed_at`,
    { since: span.sinceMicros, until: span.untilMicros, limit },
  )
  return rows.map(toGap)
}

function toGap({ venue, symbol, cause, detail, refused, ...numbers }: Row): PendingGap {
  const values = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Number(value)]))
  return {
    venue,
    symbol,
    ...values,
    known: { cause: cause as GapCause, detail, refused: Number(refused) },
  } as PendingGap
}

/** Writes what was found, in one insert. */
export async function writeCauses(
  store: Store,
  found: readonly (PendingGap & Caused & { refused: number })[],
  nowMicros: number,
): Promise<void> {
  if (found.length === 0) return
  await store.insertRows(
    'gap_causes',
    found.map(({ venue, symbol, run, first, last, cause, detail, refused, changedMicros }) => ({
      ...{ venue, symbol, first_id: first, last_id: last, id_run: run, cause, detail, refused },
      ...{ gap_changed_at: microsText(changedMicros), evaluated_at: microsText(nowMicros) },
    })),
  )
}
