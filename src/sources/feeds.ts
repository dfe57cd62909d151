/** All recorded feeds: spreads subscriptions over connections, within each venue's limits. */
import type { Emit } from '../telemetry/events.ts'
import type { Credentials, Sink, Venue } from '../venues/venue.ts'
import { VenueFeeds } from './allocation/venue-feeds.ts'
import { FeedSocket } from './connection/socket.ts'
import type { Listing } from './connection/status.ts'
import { TIMINGS, type Timings } from './connection/timings.ts'
import type { FeedStatus } from './feed-session.ts'
import type { Receiver } from './receiver.ts'
import type { Patterns } from './subscription/pattern.ts'
import type { SymbolState } from './subscription/symbol-states.ts'

/** Symbols of one venue, in its spelling, and kinds of their ticks, at its own address or a configured one, without a trailing slash. */
export interface Subscription {
  venue: Venue
  symbols: readonly string[]
  kinds: readonly string[]
  /** Patterns that select more symbols from the venue's list. */
  patterns?: Patterns
  ws: string
  /** REST address of its list of symbols; undefined to leave them unchecked. */
  rest?: string | undefined
  /** The user's secrets at a venue with accounts, called for each connection. */
  credentials?: () => Credentials
}

export interface Feeds {
  /** Stops reading: the venues' frames wait in the sockets' buffers, which are bounded. */
  pause(): void
  resume(): void
  status(): FeedStatus[]
  /**
   * From now on records these subscriptions and no others: of several for one symbol all their kinds. Symbols and kinds
   * that are in both go on without a break, unless a symbol loses one of its kinds. A venue keeps the address that it was first given.
   */
  record(subscriptions: readonly Subscription[]): void
  /** Records symbols of a venue under its own spelling: `spelled` maps each requested symbol to it. */
  respell(venue: string, spelled: ReadonlyMap<string, string>): void
  /** The venue does not list these symbols. */
  unlisted(venue: string, symbols: readonly string[]): void
  /** What a venue's list states of each symbol that does not trade; nothing of the others. */
  listed(venue: string, listings: ReadonlyMap<string, Listing>): void
  /** The state of every symbol and kind. */
  symbolStates(): SymbolState[]
  /** Resolves when all connections are closed. Neither receiver nor `emit` is called after that. */
  close(): Promise<void>
}

/**
 * Opens connections for these subscriptions and keeps them open until `close`. `witness`: also requests the streams that
 * state which trades exist, where venues have them.
 */
export function openFeeds(
  subscriptions: readonly Subscription[],
  receiver: Receiver,
  emit: Emit,
  timings: Timings = TIMINGS,
  witness = false,
): Feeds {
  const venues = new Map<string, VenueFeeds>()
  let paused = false
  let connections = 0
  const feedsOf = ({ venue, ws, credentials }: Subscription): VenueFeeds => {
    const known = venues.get(venue.name)
    if (known) return known
    const nextNumber = () => ++connections
    const made = new VenueFeeds({ venue, base: ws, credentials, timings, receiver, witness, emit, nextNumber })
    if (paused) made.pause()
    venues.set(venue.name, made)
    return made
  }
  const feeds: Feeds = {
    pause: () => {
      paused = true
      for (const each of venues.values()) each.pause()
    },
    resume: () => {
      paused = false
      for (const each of venues.values()) each.resume()
    },
    status: () => [...venues.values()].flatMap(each => each.status()),
    record: all => {
      const wanted = new Map([...venues.values()].map(each => [each, new Map<string, readonly string[]>()]))
      for (const subscription of all) {
        const of = feedsOf(subscription)
        const kindsOf = wanted.get(of) ?? new Map<string, readonly string[]>()
        wanted.set(of, kindsOf)
        for (const symbol of subscription.symbols)
          kindsOf.set(symbol, [...(kindsOf.get(symbol) ?? []), ...subscription.kinds])
      }
      for (const [each, kindsOf] of wanted) each.record(kindsOf)
    },
    respell: (venue, spelled) => venues.get(venue)?.respell(spelled),
    unlisted: (venue, symbols) => venues.get(venue)?.unlisted(symbols),
    listed: (venue, listings) => venues.get(venue)?.listed(listings),
    symbolStates: () => [...venues.values()].flatMap(each => each.symbolStates()),
    close: async () => {
      await Promise.all([...venues.values()].map(each => each.close()))
    },
  }
  feeds.record(subscriptions)
  return feeds
}

/**
 * True if a connection opens and a frame arrives that is neither a refusal nor unreadable. Rejects with a SyntaxError
 * if the address is invalid.
 */
export async function probe({ venue, symbols, kinds, ws }: Subscription, timeoutMs: number): Promise<boolean> {
  const answered = Promise.withResolvers<boolean>()
  const onAnswer = () => answered.resolve(true)
  const sink: Sink = {
    trade: onAnswer,
    quote: onAnswer,
    amendment: onAnswer,
    mark: onAnswer,
    liquidation: onAnswer,
    ignore: onAnswer,
    control: ({ kind }) => {
      if (kind === 'subscribed' || kind === 'heartbeat' || kind === 'witness' || kind === 'venue_state') onAnswer()
    },
    refuse: () => {},
    imprecise: () => {},
  }
  const requested = symbols.slice(0, venue.limits.symbolsPerConnection)
  const shared = connectionKinds(venue, kinds)[0]!
  const timer = setTimeout(() => answered.resolve(false), timeoutMs)
  const socket = new FeedSocket({
    venue,
    url: venue.url(ws, requested, shared),
    symbols: requested,
    kinds: shared,
    timings: TIMINGS,
    onConnected: () => {},
    onOpen: () => {},
    onFrame: frame => socket.decode(frame, sink),
    onEnd: () => answered.resolve(false),
  })
  const answer = await answered.promise
  clearTimeout(timer)
  await socket.close()
  return answer
}

/** The kinds of each connection: those of `kinds` that may share one. */
function connectionKinds(venue: Venue, kinds: readonly string[]): string[][] {
  return venue.kinds.map(shared => shared.filter(kind => kinds.includes(kind))).filter(shared => shared.length > 0)
}
