/** Follows the ids of trades as ingest does, with its own table of stored trades for lookups. */

import { Batch } from '../../../src/ingest/batch.ts'
import type { Gap } from '../../../src/ingest/gaps/gap.ts'
import type { IdRestart } from '../../../src/ingest/ids/followed-ids.ts'
import { PartitionIds } from '../../../src/ingest/ids/partition-ids.ts'
import { type ComparedTrade, comparedTradeOf } from '../../../src/ingest/ids/recent-trades.ts'
import {
  addToBatch,
  type KnownVenues,
  lookupsOf,
  resolveIds,
  type StoredTrades,
  validateRecord,
} from '../../../src/ingest/validated-record.ts'
import type { IdKind } from '../../../src/tick/id-kind.ts'
import { tradesRecord } from '../../../src/tick/records.ts'
import { ORIGIN, TradeColumns } from '../../../src/tick/trades.ts'
import { reasonOf } from '../../../src/tick/validate.ts'

/**
 * A trade of symbol AAA. `ms` is its time since 2026-11-22 12:00 UTC; by default that of a trade a millisecond for each
 * id.
 */
export interface FollowedTrade {
  id: number | bigint
  ms?: number
  price?: number
}

export const FOLLOWED_SYMBOL = 'AAA'
const NOON_MS = Date.UTC(2026, 10, 22, 12)

export class Following {
  readonly gaps = new Set<Gap>()
  readonly restarts: IdRestart[] = []
  /** Lookups in the table. */
  lookups = 0
  readonly #venue: string
  readonly #venues: KnownVenues
  readonly #ids: PartitionIds
  readonly #stored = new Map<string, ComparedTrade[]>()
  #offset = 0

  /** The venue's name is that of the kind of its ids. */
  constructor(ids: IdKind = 'dense') {
    this.#venue = ids
    this.#venues = new Map([[ids, ids]])
    this.#ids = new PartitionIds({
      venues: this.#venues,
      changed: gap => this.gaps.add(gap),
      restarted: restart => this.restarts.push(restart),
      nowMicros: () => 0,
    })
  }

  /** Gaps that miss ids, in order: run, first, last, and how many ids are missing. */
  get open(): [number, number, number, number][] {
    return [...this.gaps]
      .filter(({ missing }) => missing.length > 0)
      .map(({ run, first, last, missing }): [number, number, number, number] => [
        run,
        first,
        last,
        missing.reduce((sum, range) => sum + range.last - range.first + 1, 0),
      ])
      .sort((a, b) => a[0] - b[0] || a[1] - b[1])
  }

  /** Takes trades as one record; returns what became of each: its run, or why it was refused. */
  take(...trades: FollowedTrade[]): (number | string)[] {
    const columns = new TradeColumns(trades.length)
    for (const { id, ms = Number(id), price = 100 } of trades) {
      const micros = (NOON_MS + ms) * 1000
      columns.add({
        venue: this.#venue,
        symbol: FOLLOWED_SYMBOL,
        timestampMicros: micros,
        timestampNanos: 0,
        receivedAtMicros: micros,
        price,
        volume: 1,
        side: 1,
        tradeId: id,
        origin: ORIGIN.live,
      })
    }
    const record = tradesRecord(columns)
    const validated = validateRecord(
      { ...record, partition: 0, offset: this.#offset++, timestampMs: 0 },
      this.#venues,
      this.#ids.of,
    )
    const requested = lookupsOf(validated, this.#venues, this.#ids.of)
    this.lookups += requested.length
    const ids = new Set(requested.map(({ id }) => id))
    const answers: StoredTrades = {
      of: (_venue, _symbol, id) => (ids.has(id) ? (this.#stored.get(`${id}`) ?? []) : []),
    }
    resolveIds(validated, this.#venues, this.#ids.of, answers)
    addToBatch(new Batch(0), validated, 0)
    const outcomes: (number | string)[] = []
    for (let row = 0; row < trades.length; row++) {
      const good = validated.codes[row] === 0
      if (good) {
        const key = `${columns.tradeId[row]}`
        this.#stored.set(key, [...(this.#stored.get(key) ?? []), comparedTradeOf(columns, row)])
      }
      outcomes.push(good ? (validated.runs?.[row] ?? 0) : reasonOf(validated.codes[row]!))
    }
    return outcomes
  }
}
