/** All that is recorded at once: subscriptions spread over connections, within each venue's limits. */
import type { Emit } from '../telemetry/events.ts'
import type { Sink, Venue } from '../venues/venue.ts'
import { RateLimiter } from './connection/rate-limiter.ts'
import { FeedSocket } from './connection/socket.ts'
import { TIMINGS, type Timings } from './connection/timings.ts'
import { ErrorReport } from './error-report.ts'
import type { FeedStatus } from './feed.ts'
import { FeedSlot } from './feed-slot.ts'
import type { Receiver } from './receiver.ts'
import { VenueState } from './subscription/venue-state.ts'
import { RefusalReport } from './undecodable-report.ts'

const FIVE_MINUTES_MS = 5 * 60 * 1000
/** Of the connects a venue allows, the share we use: others may share our address, and a restart has forgotten its own. */
const CONNECTS_SHARE = 0.8
/** Connects in five minutes where a venue states no limit. */
const CONNECTS_UNSTATED = 300

/** One venue's symbols, as it spells them, at its own address or another without a trailing slash. */
export interface Subscription {
  venue: Venue
  symbols: readonly string[]
  ws: string
  /** Where its list of symbols is asked for; undefined to leave them unchecked. */
  rest?: string | undefined
}

export interface Feeds {
  /** Stops reading: the venues' frames wait in the sockets' buffers, which are bounded. */
  pause(): void
  resume(): void
  status(): FeedStatus[]
  /** Records symbols of a venue under its own spelling: `spelled` maps each that was asked for to that. */
  respell(venue: string, spelled: ReadonlyMap<string, string>): void
  /** The venue's list does not have these symbols. */
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
  const shared = new Map<
    string,
    { connects: RateLimiter; refusals: RefusalReport; errors: ErrorReport; venueState: VenueState }
  >()
  const feeds: FeedSlot[] = []
  for (const { venue, symbols, ws } of subscriptions) {
    const { connects, refusals, errors, venueState } = shared.get(venue.name) ?? {
      connects: connectPace(venue),
      refusals: new RefusalReport(venue.name, timings.refusalSummaryMs, emit),
      errors: new ErrorReport(venue.name, timings.refusalSummaryMs, emit),
      venueState: new VenueState(venue.name, emit),
    }
    shared.set(venue.name, { connects, refusals, errors, venueState })
    for (const chunk of chunks([...new Set(symbols)], venue.limits.symbolsPerConnection)) {
      const id = `${venue.name}-${feeds.length + 1}`
      const told = { emit: errors.emit, refusals, venueState }
      feeds.push(new FeedSlot({ id, venue, base: ws, symbols: chunk, connects, timings, receiver, ...told }))
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
      for (const { refusals, errors } of shared.values()) {
        refusals.close()
        errors.close()
      }
    },
  }
}

/**
 * Does this feed answer: does a connection open, and a frame come that is neither a refusal nor unreadable? Rejects with a
 * SyntaxError if the address is none.
 */
export async function probe({ venue, symbols, ws }: Subscription, timeoutMs: number): Promise<boolean> {
  const answered = Promise.withResolvers<boolean>()
  const heard = () => answered.resolve(true)
  const sink: Sink = {
    trade: heard,
    ignore: heard,
    control: ({ kind }) => {
      if (kind === 'subscribed' || kind === 'heartbeat' || kind === 'venue_state') heard()
    },
    refuse: () => {},
    imprecise: () => {},
  }
  const asked = symbols.slice(0, venue.limits.symbolsPerConnection)
  const timer = setTimeout(() => answered.resolve(false), timeoutMs)
  const socket = new FeedSocket({
    venue,
    url: venue.url(ws, asked),
    symbols: asked,
    timings: TIMINGS,
    onConnected: () => {},
    onOpen: () => {},
    onFrame: frame => venue.decode(frame, sink),
    onEnd: () => answered.resolve(false),
  })
  const answer = await answered.promise
  clearTimeout(timer)
  await socket.close()
  return answer
}

function connectPace({ limits }: Venue): RateLimiter {
  const allowed = limits.connectsPerFiveMinutes ?? CONNECTS_UNSTATED
  return new RateLimiter(Math.max(1, Math.floor(allowed * CONNECTS_SHARE)), FIVE_MINUTES_MS)
}

function chunks(symbols: readonly string[], size: number): string[][] {
  const count = Math.ceil(symbols.length / size)
  return Array.from({ length: count }, (_, index) => symbols.slice(index * size, (index + 1) * size))
}
