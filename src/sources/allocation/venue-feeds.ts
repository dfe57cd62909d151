/** The connections to one venue, and what each requests. */
import type { Emit } from '../../telemetry/events.ts'
import { RateLimiter } from '../connection/rate-limiter.ts'
import type { Listing } from '../connection/status.ts'
import { ErrorReport } from '../error-report.ts'
import { Feed } from '../feed.ts'
import type { FeedSessionOptions, FeedStatus } from '../feed-session.ts'
import type { SymbolState } from '../subscription/symbol-states.ts'
import { VenueState } from '../subscription/venue-state.ts'
import { planShares } from './plan.ts'

const FIVE_MINUTES_MS = 5 * 60 * 1000
/**
 * Share of the allowed connects that we use: other clients may share our address, and a restart forgets its own
 * connects.
 */
const CONNECTS_SHARE = 0.8
/** Connects in five minutes where a venue states no limit. */
const CONNECTS_UNSTATED = 300

export interface VenueFeedsOptions
  extends Pick<FeedSessionOptions, 'venue' | 'base' | 'credentials' | 'timings' | 'receiver' | 'witness'> {
  emit: Emit
  /** The next number of a connection. */
  nextNumber(): number
}

export class VenueFeeds {
  readonly #options: VenueFeedsOptions
  readonly #common: Omit<FeedSessionOptions, 'id' | 'symbols' | 'kinds'>
  readonly #errors: ErrorReport
  #feeds: Feed[] = []
  /** Connections without symbols, until they are closed. */
  readonly #closing = new Set<Promise<void>>()
  #paused = false
  #listings: ReadonlyMap<string, Listing> = new Map()
  /** The number of symbols that was reported as too many. */
  #overLimit = 0

  constructor(options: VenueFeedsOptions) {
    const { venue, timings, emit } = options
    this.#options = options
    this.#errors = new ErrorReport(venue.name, timings.errorSummaryMs, emit)
    this.#common = {
      ...options,
      emit: this.#errors.emit,
      connects: connectLimiter(venue),
      venueState: new VenueState(venue.name, emit),
    }
  }

  /** From now on requests these symbols with these kinds, and no others. */
  record(wanted: ReadonlyMap<string, readonly string[]>): void {
    for (const shared of this.#options.venue.kinds) {
      const feeds = this.#feeds.filter(({ kinds }) => shared.includes(kinds[0]!))
      const ofList = [...wanted].map(
        ([symbol, kinds]) => [symbol, shared.filter(kind => kinds.includes(kind))] as const,
      )
      this.#apply(feeds, new Map(ofList.filter(([, kinds]) => kinds.length > 0)))
    }
    for (const feed of this.#feeds) feed.listed(this.#listings)
  }

  pause(): void {
    this.#paused = true
    for (const feed of this.#feeds) feed.pause()
  }

  resume(): void {
    this.#paused = false
    for (const feed of this.#feeds) feed.resume()
  }

  status(): FeedStatus[] {
    return this.#feeds.map(feed => feed.status())
  }

  respell(spelled: ReadonlyMap<string, string>): void {
    for (const feed of this.#feeds) feed.respell(spelled)
  }

  listed(listings: ReadonlyMap<string, Listing>): void {
    this.#listings = listings
    for (const feed of this.#feeds) feed.listed(listings)
  }

  symbolStates(): SymbolState[] {
    return this.#feeds.flatMap(feed => feed.symbolStates())
  }

  unlisted(symbols: readonly string[]): void {
    for (const feed of this.#feeds) feed.unlisted(symbols)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#feeds.map(feed => feed.close()), ...this.#closing])
    this.#errors.close()
  }

  #apply(feeds: readonly Feed[], wanted: ReadonlyMap<string, readonly string[]>): void {
    const { changes, open } = planShares(feeds, wanted, this.#symbolsMax(wanted.size))
    for (const [index, { leave, join }] of changes.entries()) {
      const feed = feeds[index]!
      if (leave.length + join.length > 0) feed.change(join, leave)
      if (feed.symbols.size === 0) this.#close(feed)
    }
    for (const share of open) {
      const id = `${this.#options.venue.name}-${this.#options.nextNumber()}`
      const opensAfter = this.#options.venue.limits.connections && Promise.all(this.#closing)
      const feed = new Feed({ ...this.#common, id, ...share, opensAfter })
      if (this.#paused) feed.pause()
      this.#feeds.push(feed)
    }
  }

  #close(feed: Feed): void {
    this.#feeds = this.#feeds.filter(each => each !== feed)
    const closed = feed.close().finally(() => this.#closing.delete(closed))
    this.#closing.add(closed)
  }

  /** Symbols of a connection. On the only one that a venue allows, a plan may have more than we know of. */
  #symbolsMax(symbols: number): number {
    const { name, limits } = this.#options.venue
    const { symbolsPerConnection: allowed, connections } = limits
    if (connections === undefined || symbols <= allowed) return allowed
    if (symbols !== this.#overLimit) this.#options.emit('symbols_over_limit', { venue: name, symbols, allowed })
    this.#overLimit = symbols
    return symbols
  }
}

function connectLimiter({ limits }: FeedSessionOptions['venue']): RateLimiter {
  const allowed = limits.connectsPerFiveMinutes ?? CONNECTS_UNSTATED
  return new RateLimiter(Math.max(1, Math.floor(allowed * CONNECTS_SHARE)), FIVE_MINUTES_MS)
}
