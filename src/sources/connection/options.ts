import type { Emit } from '../../telemetry/events.ts'
import { TRADES } from '../../tick/kinds.ts'
import type { IdRange } from '../../tick/repairs/id-ranges.ts'
import { type Credentials, type Decode, type Venue, WITNESS } from '../../venues/venue.ts'
import type { VenueState } from '../subscription/venue-state.ts'
import type { RateLimiter } from './rate-limiter.ts'
import type { Timings } from './timings.ts'

export interface ConnectionOptions {
  /** Names it in events and on the page. */
  id: string
  venue: Venue
  /** The venue's address, or the one configured instead, without a trailing slash. */
  base: string
  symbols: readonly string[]
  /** The user's secrets at a venue with accounts, as they are now. */
  credentials: (() => Credentials) | undefined
  /** The kinds of ticks to record of them: of one list of `Venue.kinds`. */
  kinds: readonly string[]
  /** Also request the stream that states which trades exist, where the venue has one. */
  witness?: boolean
  /** Where the venue allows one connection: the end of the one before. */
  opensAfter?: Promise<unknown> | undefined
  /** The venue's limit on connects, shared by all its connections. */
  connects: RateLimiter
  /** The venue's own status, shared by all its connections. */
  venueState: VenueState
  timings: Timings
  emit: Emit
  /** Called with trades of a symbol that the venue announced and that never arrived. */
  onLoss(symbol: string, loss: IdRange): void
  /**
   * `decode` is the socket's decoder. During a rotation, called with the frames of both sockets: the same tick may
   * arrive twice. `arrivedMs` is by `performance.now`.
   */
  onFrame(frame: Buffer, decode: Decode, receivedAtMicros: number, arrivedMs: number): void
}

/** What a socket requests: the kinds of ticks, and the venue's witness beside its trades. */
export function streamsOf({
  venue,
  kinds,
  witness,
}: Pick<ConnectionOptions, 'venue' | 'kinds' | 'witness'>): readonly string[] {
  return witness && venue.witness && kinds.includes(TRADES.name) ? [...kinds, WITNESS] : kinds
}
