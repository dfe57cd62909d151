import { findVenue } from '../../venues/index.ts'
import type { ConnectionStatus } from '../connection/status.ts'
import type { SymbolState } from '../subscription/symbol-states.ts'
import type { HeldTicks } from './held-ticks.ts'
import type { Coverage } from './overlap.ts'

export interface CoveredFeeds {
  status(): Pick<ConnectionStatus, 'id' | 'venue' | 'state' | 'reconnects'>[]
  symbolStates(): SymbolState[]
}

/** States in which a recorder receives a symbol's ticks. */
const COVERED: ReadonlySet<string> = new Set(['live', 'quiet', 'acknowledged'])

/** What a recorder covers now: the state of each subscription, and the ticks that it appended without an interruption. */
export class CoverageReader {
  readonly #feeds: CoveredFeeds
  readonly #held: HeldTicks
  readonly #connections = new Map<string, string>()

  constructor(feeds: CoveredFeeds, held: HeldTicks) {
    this.#feeds = feeds
    this.#held = held
  }

  read(): Coverage[] {
    const byVenue = Map.groupBy(this.#feeds.status(), ({ venue }) => venue)
    const isOpen = (venue: string) => byVenue.get(venue)?.every(({ state }) => state === 'open') ?? false
    const interrupted = new Set([...byVenue.keys()].filter(venue => !isOpen(venue)))
    for (const [venue, connections] of byVenue) {
      // An interruption between two reads.
      const text = connections.map(({ id, reconnects }) => `${id} ${reconnects}`).join()
      if ((this.#connections.get(venue) ?? text) !== text) interrupted.add(venue)
      this.#connections.set(venue, text)
    }
    const nowMs = Date.now()
    return this.#feeds.symbolStates().map(({ venue, kind, symbol, state, detail, sinceMs }) => {
      const covers = COVERED.has(state) || (state === 'requested' && !confirms(venue))
      if (interrupted.has(venue) || !covers) this.#held.forget(venue, kind, symbol)
      return {
        ...{ venue, kind, symbol, state, detail },
        forMs: isOpen(venue) ? Math.max(1, nowMs - sinceMs) : 0,
        ids: this.#held.of(venue, kind, symbol),
      }
    })
  }
}

const confirms = (venue: string): boolean => findVenue(venue)?.acknowledges ?? false
