/** The followed ids of a partition's symbols: those stored at resume, and all since. */

import { droppedRanges, droppedUntilMicros } from '../../audit/dropped-ranges.ts'
import type { Fence, Store } from '../../store/store.ts'
import { idsAreDense } from '../../tick/id-kind.ts'
import { TRADES } from '../../tick/kinds.ts'
import type { TradeColumns } from '../../tick/trades.ts'
import { type Checkpoint, symbolKey } from '../checkpoint.ts'
import type { Gap } from '../gaps/gap.ts'
import type { IdLookup, IdsOf, KnownVenues } from '../validated-record.ts'
import { type FollowedIds, type IdRestart, NOTHING_KNOWN, type SymbolContext } from './followed-ids.ts'
import { type IdsBySymbol, loadIds } from './known-ids.ts'
import { SymbolIds } from './symbol-ids.ts'
import { UniqueIds } from './unique-ids.ts'

/** Callbacks for gaps that change and runs that begin, and our clock. */
export interface PartitionIdsOptions {
  venues: KnownVenues
  changed: (gap: Gap) => void
  restarted: (restart: IdRestart) => void
  nowMicros: () => number
}

export class PartitionIds {
  readonly #options: PartitionIdsOptions
  readonly #ids = new Map<string, FollowedIds>()
  #known: IdsBySymbol = new Map()
  #goneBeforeMicros = Number.NEGATIVE_INFINITY

  constructor(options: PartitionIdsOptions) {
    this.#options = options
  }

  /** Loads the stored ids, before any id is followed. Throws errors of the store. */
  async load(store: Store, checkpoint: Checkpoint, fence: Fence): Promise<void> {
    this.#goneBeforeMicros = droppedUntilMicros(await droppedRanges(store, fence.partition, 0, undefined, [TRADES]))
    this.#known = await loadIds(store, checkpoint, fence, this.#options.venues)
    for (const { venue, symbol, runs } of this.#known.values()) if (runs.length > 0) this.of(venue, symbol)
  }

  get gapsOpen(): number {
    let open = 0
    for (const ids of this.#ids.values()) open += ids.openGaps.length
    return open
  }

  gapsOf(venue: string, symbol: string): number {
    return this.#ids.get(symbolKey({ venue, symbol }))?.openGaps.length ?? 0
  }

  /** All open gaps. */
  openGaps(): Gap[] {
    return [...this.#ids.values()].flatMap(ids => ids.openGaps)
  }

  /**
   * Takes trades of the filling batch back into memory, of symbols whose trades would be looked up: a lookup cuts the batch, and copies of
   * another recorder that is behind repeat what is in it.
   */
  recall(batch: TradeColumns, lookups: readonly IdLookup[]): void {
    const late = new Set(lookups.map(symbolKey))
    for (const { venue, symbol, id } of lookups) this.of(venue, symbol).expectRepeats(id)
    const { venues, symbols } = batch
    const ids = venues.words.map(venue =>
      symbols.words.map(symbol => (late.has(symbolKey({ venue, symbol })) ? this.of(venue, symbol) : undefined)),
    )
    for (let row = batch.length - 1; row >= 0; row--) ids[batch.venue[row]!]![batch.symbol[row]!]?.recall(batch, row)
  }

  readonly of: IdsOf = (venue, symbol) => {
    const key = symbolKey({ venue, symbol })
    const followed = this.#ids.get(key)
    if (followed) return followed
    const { venues, ...callbacks } = this.#options
    const context: SymbolContext = { venue, symbol, goneBeforeMicros: this.#goneBeforeMicros, ...callbacks }
    const known = this.#known.get(key) ?? NOTHING_KNOWN
    const ids = idsAreDense(venues.get(venue))
      ? new SymbolIds(context, known)
      : new UniqueIds(context, known.uniqueNewestMicros)
    this.#ids.set(key, ids)
    return ids
  }
}
