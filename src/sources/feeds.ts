/** All recorded feeds: spreads subscriptions over connections, within each venue's limits. */
import type { Emit } from '../telemetry/events.ts'
import type { Credentials, Sink, Venue } from '../venues/venue.ts'
import { RateLimiter } from './connection/rate-limiter.ts'
import { FeedSocket } from './connection/socket.ts'
import { TIMINGS, type Timings } from './connection/timings.ts'
import { ErrorReport } from './error-report.ts'
import { Feed } from './feed.ts'
import type { FeedStatus } from './feed-session.ts'
import type { Receiver } from './receiver.ts'
import { VenueState } from './subscription/venue-state.ts'

const FIVE_MINUTES_MS = 5 * 60 * 1000
/**
 * Share of the allowed connects that we use: other clients may share our address, and a restart forgets its own
 * connects.
 */
const CONNECTS_SHARE = 0.8
/** Connects in five minutes where a venue states no limit. */
const CONNECTS_UNSTATED = 300

/** Symbols of one venue, in its spelling, and kinds of their ticks, at its own address or a configured one, without a trailing slash. */
export interface Subscription {
  venue: Venue
  symbols: readonly string[]
  kinds: readonly string[]
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
  /** Records symbols of a venue under its own spelling: `spelled` maps each requested symbol to it. */
  respell(venue: string, spelled: ReadonlyMap<string, string>): void
  /** The venue does not list these symbols. */
  unlisted(venue: string, symbols: readonly string[]): void
  /** Resolves when all connections are closed. Neither receiver nor `emit` is called after that. */
  close(): Promise<void>
}

/** Opens connections for these subscriptions and keeps them open until `close`. */
export function openFeeds(
  subscriptions: readonly Subscription[],
  receiver: Receiver,
  emit: Emit,
  timings: Timings = TIMINGS,
): Feeds {
  // What all connections of one venue share.
  const shared = new Map<string, { connects: RateLimiter; errors: ErrorReport; venueState: VenueState }>()
  const feeds: Feed[] = []
  for (const { venue, symbols, kinds, ws, credentials } of subscriptions) {
    const { connects, errors, venueState } = shared.get(venue.name) ?? {
      connects: connectLimiter(venue),
      errors: new ErrorReport(venue.name, timings.errorSummaryMs, emit),
      venueState: new VenueState(venue.name, emit),
    }
    shared.set(venue.name, { connects, errors, venueState })
    const common = { venue, base: ws, credentials, connects, venueState, timings, receiver, emit: errors.emit }
    for (const shared of connectionKinds(venue, kinds)) {
      for (const chunk of chunksFor(venue, [...new Set(symbols)], emit)) {
        const id = `${venue.name}-${feeds.length + 1}`
        feeds.push(new Feed({ ...common, id, symbols: chunk, kinds: shared }))
      }
    }
  }
  return {
    pause: () => {
      for (const feed of feeds) feed.pause()
    },
    resume: () => {
      for (const feed of feeds) feed.resume()
    },
    status: () => feeds.map(feed => feed.status()),
    respell: (venue, spelled) => {
      for (const feed of feeds) if (feed.venue === venue) feed.respell(spelled)
    },
    unlisted: (venue, symbols) => {
      for (const feed of feeds) if (feed.venue === venue) feed.unlisted(symbols)
    },
    close: async () => {
      await Promise.all(feeds.map(feed => feed.close()))
      for (const { errors } of shared.values()) errors.close()
    },
  }
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
    ignore: onAnswer,
    control: ({ kind }) => {
      if (kind === 'subscribed' || kind === 'heartbeat' || kind === 'venue_state') onAnswer()
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

function connectLimiter({ limits }: Venue): RateLimiter {
  const allowed = limits.connectsPerFiveMinutes ?? CONNECTS_UNSTATED
  return new RateLimiter(Math.max(1, Math.floor(allowed * CONNECTS_SHARE)), FIVE_MINUTES_MS)
}

/** The symbols of each connection. On the only one that a venue allows, a plan may have more than we know of. */
function chunksFor({ name, limits }: Venue, symbols: readonly string[], emit: Emit): (readonly string[])[] {
  const { symbolsPerConnection: allowed, connections } = limits
  if (connections === undefined || symbols.length <= allowed) return chunks(symbols, allowed)
  emit('symbols_over_limit', { venue: name, symbols: symbols.length, allowed })
  return [symbols]
}

function chunks(symbols: readonly string[], size: number): string[][] {
  const count = Math.ceil(symbols.length / size)
  return Array.from({ length: count }, (_, index) => symbols.slice(index * size, (index + 1) * size))
}
