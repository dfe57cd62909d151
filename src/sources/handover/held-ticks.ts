/** The ids of the ticks that a recorder has appended to the log, by symbol and kind: the evidence of a handover. */
import { idsRise } from '../../tick/id-kind.ts'
import { QUOTES, type TickColumns, TRADES } from '../../tick/kinds.ts'
import { type LogRecord, RECORD_VERSION } from '../../tick/records.ts'
import { findVenue } from '../../venues/index.ts'

/** Ids kept of a symbol whose ids have no order, and how many of them are announced. */
const RECENT_MAX = 5_000
export const SAMPLE_MAX = 20

/** The ids of one symbol and kind. */
export interface HeldIds {
  ticks: number
  /** Of ids that rise: the first one appended since noting began, and the highest. Undefined if the venue states none. */
  first?: bigint
  last?: bigint
  /** Of ids in no order: the last ones. */
  recent?: Set<string>
}

export const heldKey = (venue: string, kind: string, symbol: string) =>
  // Until a venue's list is known, a symbol may be requested in another case than its ticks have.
  `${venue} ${kind} ${symbol.toUpperCase()}`

/** Notes what was appended. It reads the records, so nothing is noted per tick while there is no handover. */
export class HeldTicks {
  readonly #held = new Map<string, HeldIds>()
  readonly #trades = TRADES.columns(0)
  readonly #quotes = QUOTES.columns(0)

  of(venue: string, kind: string, symbol: string): HeldIds | undefined {
    return this.#held.get(heldKey(venue, kind, symbol))
  }

  /** What was appended before does not continue: begins again. */
  forget(venue: string, kind: string, symbol: string): void {
    this.#held.delete(heldKey(venue, kind, symbol))
  }

  clear(): void {
    this.#held.clear()
  }

  /** Records of this recorder that the log has acknowledged. */
  note(records: readonly LogRecord[]): void {
    for (const { kind, format, version, payload } of records) {
      if (format !== 'native' || version !== RECORD_VERSION) continue
      if (kind === TRADES.name) {
        const trades = TRADES.decode(payload, this.#trades)
        this.#noteRows(kind, trades, trades.tradeId)
      } else if (kind === QUOTES.name) {
        const quotes = QUOTES.decode(payload, this.#quotes)
        this.#noteRows(kind, quotes, quotes.sequence)
      }
    }
  }

  #noteRows(kind: string, ticks: TickColumns, ids: BigUint64Array): void {
    const known: (HeldIds | undefined)[] = []
    for (let row = 0; row < ticks.length; row++) {
      const venue = ticks.venues.words[ticks.venue[row]!]!
      const at = ticks.venue[row]! * ticks.symbols.words.length + ticks.symbol[row]!
      known[at] ??= this.#idsOf(venue, kind, ticks.symbols.words[ticks.symbol[row]!]!)
      noteId(known[at], ids[row]!)
    }
  }

  #idsOf(venue: string, kind: string, symbol: string): HeldIds {
    const key = heldKey(venue, kind, symbol)
    const known = this.#held.get(key)
    if (known) return known
    const ids = findVenue(venue)?.ids ?? 'none'
    const hasOrder = kind === QUOTES.name || idsRise(ids)
    const held: HeldIds = { ticks: 0, ...(!hasOrder && ids !== 'none' && { recent: new Set<string>() }) }
    this.#held.set(key, held)
    return held
  }
}

function noteId(held: HeldIds, id: bigint): void {
  held.ticks++
  // 0: the venue states none.
  if (id === 0n) return
  if (held.recent) {
    held.recent.add(String(id))
    if (held.recent.size > RECENT_MAX) held.recent.delete(held.recent.values().next().value!)
    return
  }
  held.first ??= id
  if (held.last === undefined || id > held.last) held.last = id
}
