import type { Emit } from '../../telemetry/events.ts'
import type { Credentials, Decode, Venue } from '../../venues/venue.ts'
import type { AnnouncedLoss } from '../subscription/subscription.ts'
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
  /** Where the venue allows one connection: the end of the one before. */
  opensAfter?: Promise<unknown> | undefined
  /** The venue's limit on connects, shared by all its connections. */
  connects: RateLimiter
  /** The venue's own status, shared by all its connections. */
  venueState: VenueState
  timings: Timings
  emit: Emit
  /** Called with trades of a symbol that the venue announced and that never arrived. */
  onLoss(symbol: string, loss: AnnouncedLoss): void
  /**
   * `decode` is the socket's decoder. During a rotation, called with the frames of both sockets: the same tick may
   * arrive twice. `arrivedMs` is by `performance.now`.
   */
  onFrame(frame: Buffer, decode: Decode, receivedAtMicros: number, arrivedMs: number): void
}
