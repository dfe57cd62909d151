/**
 * Proves quotes without dense ids: each top of a book rebuilt from depth updates equals the last quote of its symbol whose
 * sequence is not above the top's. Both are joined by the venue's numbers, whatever was received first. A quote beyond the
 * snapshot of the book is not compared: there the book may lack levels.
 */
import type { Store } from '../store/store.ts'
import { BOOK_TOPS, QUOTES } from '../tick/kinds.ts'

/** `audits.subject` of such proofs. */
export const QUOTES_SUBJECT = 'quotes'

/** The tops of a symbol in a range of log offsets, compared. */
export interface QuoteProof {
  partition: number
  venue: string
  symbol: string
  /** Compared offsets: from `first` up to, not including, `below`. */
  first: number
  below: number
  /** Tops compared with a quote, and those that equal it. */
  compared: number
  held: number
  tookMs: number
}

/**
 * Compares the tops of a partition that were received before `beforeMicros` and were not compared yet. Quotes are read
 * from an hour before the first of them. Throws errors of the store.
 */
export async function proveQuotes(store: Store, partition: number, beforeMicros: number): Promise<QuoteProof[]> {
  const startedMs = performance.now()
  const [done] = await store.rows<{ below: string }>(
    `SELECT toString(max(below_offset)) AS below FROM audits
     WHERE log_partition = {partition:UInt16} AND subject = '${QUOTES_SUBJECT}'`,
    { partition },
  )
  const first = Number(done?.below ?? 0)
  const range = { partition, first, before: beforeMicros }
  const within = `log_partition = {partition:UInt16} AND log_offset >= {first:UInt64}
    AND received_at < fromUnixTimestamp64Micro({before:Int64}, 'UTC')`
  const [end] = await store.rows<{ below: string; from: string; to: string }>(
    `SELECT toString(max(log_offset) + 1) AS below, toString(toUnixTimestamp64Micro(min(received_at))) AS from,
       toString(toUnixTimestamp64Micro(max(received_at))) AS to
     FROM ${BOOK_TOPS.table} WHERE ${within} HAVING count() > 0`,
    range,
  )
  if (!end) return []
  const quotes = `SELECT venue, symbol, received_at, sequence, bid_price, bid_size, ask_price, ask_size FROM ${QUOTES.table}
    WHERE (venue, symbol) IN (SELECT DISTINCT venue, symbol FROM ${BOOK_TOPS.table} WHERE ${within})
      AND received_at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') - INTERVAL 1 HOUR
      AND received_at <= fromUnixTimestamp64Micro({to:Int64}, 'UTC') + INTERVAL 1 MINUTE`
  // A later quote shows that all quotes up to the top are stored: those of a symbol are in one partition.
  const rows = await store.rows<{ venue: string; symbol: string; compared: string; held: string }>(
    `SELECT venue, symbol, toString(countIf(is_compared)) AS compared, toString(countIf(is_compared AND is_equal)) AS held
     FROM
     (
       SELECT t.venue AS venue, t.symbol AS symbol,
         q.sequence > 0 AND q.bid_price >= t.lowest_bid AND q.ask_price <= t.highest_ask
           AND t.received_at <= newest.received_at AS is_compared,
         (q.bid_price, q.bid_size, q.ask_price, q.ask_size) = (t.bid_price, t.bid_size, t.ask_price, t.ask_size) AS is_equal
       FROM (SELECT * FROM ${BOOK_TOPS.table} WHERE ${within}) AS t
       LEFT JOIN (SELECT venue, symbol, max(received_at) AS received_at FROM (${quotes}) GROUP BY venue, symbol) AS newest
         ON t.venue = newest.venue AND t.symbol = newest.symbol
       ASOF LEFT JOIN (${quotes}) AS q ON t.venue = q.venue AND t.symbol = q.symbol AND t.sequence >= q.sequence
     )
     GROUP BY venue, symbol ORDER BY venue, symbol`,
    { ...range, from: end.from, to: end.to },
  )
  const tookMs = Math.round(performance.now() - startedMs)
  const below = Number(end.below)
  return rows.map(({ venue, symbol, compared, held }) => ({
    ...{ partition, venue, symbol, first, below },
    ...{ compared: Number(compared), held: Number(held), tookMs },
  }))
}

/** Writes proofs to table `audits`. */
export async function writeProofs(store: Store, proofs: readonly QuoteProof[], nowMs: number): Promise<void> {
  if (proofs.length === 0) return
  await store.insertRows(
    'audits',
    proofs.map(({ partition, venue, symbol, first, below, compared, held, tookMs }) => ({
      subject: QUOTES_SUBJECT,
      log_partition: partition,
      log_day: new Date(nowMs).toISOString().slice(0, 10),
      first_offset: first,
      below_offset: below,
      passed: held === compared,
      ticks: held,
      distinct_ticks: held,
      expected: compared,
      detail: `quotes of ${venue} ${symbol}: ${held} of ${compared} tops of the rebuilt book are equal`,
      took_ms: tookMs,
    })),
  )
}
