/** Venues whose trade ids do not show missing trades: nobody can know whether their trades are complete. */
import type { Store } from '../store/store.ts'
import { TRADES } from '../tick/kinds.ts'

export interface Unproven {
  venue: string
  /** False where the trades have no ids at all. */
  hasIds: boolean
  /** Trades logged in the last hour, and those with symbol, time and id of another one among them. */
  trades: number
  repeats: number
}

/**
 * The venues with stored trades whose ids are not of kind `dense`. `idKinds` has the kind of each built-in venue; trades
 * of any other venue count as without ids.
 */
export async function unprovenVenues(store: Store, idKinds: ReadonlyMap<string, string>): Promise<Unproven[]> {
  // Never empty: the embedded engine takes no empty list as a parameter.
  const dense = ['', ...[...idKinds].filter(([, kind]) => kind === 'dense').map(([venue]) => venue)]
  const rows = await store.rows<{ venue: string; total: string; repeats: string }>(
    `SELECT venue, countIf(recent) AS total, total - uniqExactIf((symbol, timestamp, trade_id), recent) AS repeats
     FROM (SELECT venue, symbol, timestamp, trade_id, logged_at >= now() - INTERVAL 1 HOUR AS recent FROM ${TRADES.table} WHERE venue NOT IN {dense:Array(String)})
     GROUP BY venue ORDER BY venue`,
    { dense },
  )
  return rows.map(({ venue, total, repeats }) => ({
    venue,
    hasIds: (idKinds.get(venue) ?? 'none') !== 'none',
    trades: Number(total),
    repeats: Number(repeats),
  }))
}
