/**
 * Follows the partitions that other processes store by polling the tables, so that the page of one process shows the
 * whole market.
 */
import type { Log } from '../../../log/log.ts'
import type { IngestStatus } from '../../../status/ingest-status.ts'
import { LOGGED_LATELY, sinceOffsets } from '../../../store/since-offsets.ts'
import type { Store } from '../../../store/store.ts'
import type { Emit } from '../../../telemetry/events.ts'
import { KINDS, QUOTES, TRADES } from '../../../tick/kinds.ts'
import type { QuoteColumns } from '../../../tick/quotes/quotes.ts'
import type { TradeColumns } from '../../../tick/trades.ts'
import { newestQuotes, type Positions, storedBelow, storedTrades } from './stored-ticks.ts'

const POLL_EVERY_MS = 250
/** Kinds that are followed only to know how far records are stored. */
const NOT_SHOWN = KINDS.filter(({ name }) => name !== TRADES.name && name !== QUOTES.name)

export interface FollowerOptions {
  store: Store
  log: Log
  ingest: Pick<IngestStatus, 'own'>
  emit: Emit
  /** Called with trades that another process stored; only lent for the call. */
  take: (trades: TradeColumns) => void
  /** Called with the newest quote of each symbol since the last call, and the number of its quotes, by row. */
  takeQuotes: (quotes: QuoteColumns, counts: Uint32Array) => void
}

export class Follower {
  readonly #options: FollowerOptions
  /** By followed partition: all ticks of records below this offset were passed on. By kind, since each has its own table. */
  readonly #trades: Positions = new Map()
  readonly #quotes: Positions = new Map()
  /** By followed partition: the greatest offset in any table, plus one. */
  readonly #stored: Positions = new Map()
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
    return this.#withOwn(this.#trades)
  }

  /** By partition, own and followed: records below are stored. Undefined until known for every partition. */
  storedOffsets(): ReadonlyMap<number, number> | undefined {
    return this.#withOwn(this.#stored)
  }

  #withOwn(followed: Positions): ReadonlyMap<number, number> | undefined {
    const { log, ingest } = this.#options
    const offsets = new Map(followed)
    for (const { partition, mode, next } of ingest.own) {
      if (mode === 'resuming') return undefined
      offsets.set(partition, next)
    }
    return offsets.size === log.partitions ? offsets : undefined
  }

  async #poll(): Promise<void> {
    const { log, ingest, emit } = this.#options
    const own = new Set(ingest.own.map(({ partition }) => partition))
    for (const positions of [this.#trades, this.#quotes, this.#stored])
      for (const partition of own) positions.delete(partition)
    const followed = Array.from({ length: log.partitions }, (_, partition) => partition).filter(
      partition => !own.has(partition),
    )
    try {
      const fresh = followed.filter(partition => !this.#stored.has(partition))
      if (fresh.length > 0) await this.#findEnds(fresh)
      if (this.#stored.size > 0) await this.#takeNew()
    } catch (error) {
      if (!this.#closed) emit('page_failed', { why: (error as Error).message })
    }
    if (!this.#closed) this.start()
  }

  /** Starts after the stored ticks: a page loads those as history. */
  async #findEnds(partitions: readonly number[]): Promise<void> {
    const ends = new Map<string, Positions>()
    const lately = `${LOGGED_LATELY} AND log_partition IN (${partitions.join()})`
    for (const { table } of KINDS) ends.set(table, await storedBelow(this.#options.store, table, lately))
    for (const partition of partitions) {
      const stored = Math.max(...[...ends.values()].map(end => end.get(partition) ?? 0))
      this.#stored.set(partition, stored)
      this.#trades.set(partition, ends.get(TRADES.table)?.get(partition) ?? 0)
      // Only the newest quote of a symbol is passed on: there is no history to continue.
      this.#quotes.set(partition, stored)
    }
  }

  async #takeNew(): Promise<void> {
    const { store, take, takeQuotes } = this.#options
    const trades = await storedTrades(store, sinceOffsets(this.#trades))
    if (this.#closed) return
    // In one turn: a page that opens finds each trade either below the offsets or passed on later.
    move(this.#trades, trades.next)
    if (trades.ticks.length > 0) take(trades.ticks)
    const quotes = await newestQuotes(store, sinceOffsets(this.#quotes))
    if (this.#closed) return
    move(this.#quotes, quotes.next)
    if (quotes.ticks.length > 0) takeQuotes(quotes.ticks, quotes.counts)
    for (const next of [trades.next, quotes.next]) move(this.#stored, next)
    for (const { table } of NOT_SHOWN) move(this.#stored, await storedBelow(store, table, sinceOffsets(this.#stored)))
  }
}

function move(positions: Positions, next: Positions): void {
  for (const [partition, offset] of next)
    if (offset > (positions.get(partition) ?? Number.POSITIVE_INFINITY)) positions.set(partition, offset)
}
