/**
 * Follows the partitions that other processes store by polling the table, so that the page of one process shows the
 * whole market.
 */
import type { Log } from '../../log/log.ts'
import type { IngestStatus } from '../../status/ingest-status.ts'
import { LOGGED_LATELY, sinceOffsets } from '../../store/since-offsets.ts'
import type { Store } from '../../store/store.ts'
import type { Emit } from '../../telemetry/events.ts'
import { ORIGIN, type Side, TradeColumns } from '../../tick/trades.ts'

const POLL_EVERY_MS = 250
/** Trades of one partition per poll: 80,000 a second. At higher rates the page falls behind, then catches up. */
const TRADES_PER_POLL_MAX = 20_000

interface Row {
  partition: number
  offset: string
  venue: string
  symbol: string
  micros: string
  price: number
  volume: number
  side: Side
  id: string
}

export interface FollowerOptions {
  store: Store
  log: Log
  ingest: Pick<IngestStatus, 'own'>
  emit: Emit
  /** Called with trades that another process stored; only lent for the call. */
  take: (trades: TradeColumns) => void
}

export class Follower {
  readonly #options: FollowerOptions
  /** By followed partition: all trades of records below this offset were passed on. */
  readonly #next = new Map<number, number>()
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: FollowerOptions) {
    this.#options = options
  }

  start(): void {
    this.#timer = setTimeout(() => void this.#poll(), POLL_EVERY_MS)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  /** By partition, own and followed: all trades below were passed on. Undefined until known for every partition. */
  offsets(): ReadonlyMap<number, number> | undefined {
    const { log, ingest } = this.#options
    const offsets = new Map(this.#next)
    for (const { partition, mode, next } of ingest.own) {
      if (mode === 'resuming') return undefined
      offsets.set(partition, next)
    }
    return offsets.size === log.partitions ? offsets : undefined
  }

  async #poll(): Promise<void> {
    const { log, ingest, emit } = this.#options
    const own = new Set(ingest.own.map(({ partition }) => partition))
    for (const partition of own) this.#next.delete(partition)
    const followed = Array.from({ length: log.partitions }, (_, partition) => partition).filter(
      partition => !own.has(partition),
    )
    try {
      const fresh = followed.filter(partition => !this.#next.has(partition))
      if (fresh.length > 0) await this.#findEnds(fresh)
      if (this.#next.size > 0) await this.#takeNew()
    } catch (error) {
      if (!this.#closed) emit('page_failed', { why: (error as Error).message })
    }
    if (!this.#closed) this.start()
  }

  /** Starts after the stored trades: a page loads those as history. */
  async #findEnds(partitions: readonly number[]): Promise<void> {
    const rows = await this.#options.store.rows<{ partition: number; last: string }>(
      `SELECT log_partition AS partition, max(log_offset) AS last FROM trades
       WHERE ${LOGGED_LATELY} AND log_partition IN {partitions:Array(UInt16)} GROUP BY log_partition`,
      { partitions },
    )
    const ends = new Map(rows.map(({ partition, last }) => [partition, Number(last) + 1]))
    for (const partition of partitions) this.#next.set(partition, ends.get(partition) ?? 0)
  }

  async #takeNew(): Promise<void> {
    const rows = await this.#options.store.rows<Row>(
      `SELECT log_partition AS partition, log_offset AS offset, venue, symbol, toUnixTimestamp64Micro(timestamp) AS micros,
              price, volume, toInt8(side) AS side, toString(trade_id) AS id
       FROM trades WHERE ${sinceOffsets(this.#next)}
       ORDER BY log_partition, log_offset, log_index LIMIT ${TRADES_PER_POLL_MAX} BY log_partition`,
    )
    if (rows.length === 0 || this.#closed) return
    const trades = new TradeColumns(rows.length)
    for (const { partition, offset, venue, symbol, micros, price, volume, side, id } of wholeRecords(rows)) {
      this.#next.set(partition, Number(offset) + 1)
      trades.add({
        venue,
        symbol,
        timestampMicros: Number(micros),
        timestampNanos: 0,
        receivedAtMicros: 0,
        price,
        volume,
        side,
        tradeId: BigInt(id),
        origin: ORIGIN.live,
      })
    }
    this.#options.take(trades)
  }
}

/**
 * Leaves out the last record of a partition that reached the limit: it may be cut, and is read whole by the next poll.
 */
function wholeRecords(rows: readonly Row[]): Row[] {
  return [...Map.groupBy(rows, ({ partition }) => partition).values()].flatMap(ofPartition => {
    const last = ofPartition.at(-1)!.offset
    const cut = ofPartition.length === TRADES_PER_POLL_MAX && ofPartition[0]!.offset !== last
    return cut ? ofPartition.filter(({ offset }) => offset !== last) : ofPartition
  })
}
