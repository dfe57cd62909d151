/** A venue's own status, from all its connections: reports changes. */
import type { Emit } from '../../telemetry/events.ts'
import type { Control } from '../../venues/venue.ts'
import { shorten } from '../connection/loss.ts'
import { ONLINE, type VenueStatus } from '../connection/status.ts'

export class VenueState {
  readonly #venue: string
  readonly #emit: Emit
  #status: VenueStatus | null = null

  constructor(venue: string, emit: Emit) {
    this.#venue = venue
    this.#emit = emit
  }

  /** Null if the venue has sent no status. */
  get status(): VenueStatus | null {
    return this.#status
  }

  update({ state, upcoming }: Extract<Control, { kind: 'venue_state' }>): void {
    const venue = this.#venue
    const status = { state: shorten(state), upcoming: shorten(upcoming) }
    const before = this.#status?.state ?? ONLINE
    const upcomingBefore = this.#status?.upcoming ?? ''
    this.#status = status
    if (status.state !== before) {
      if (status.state === ONLINE) this.#emit('venue_online', { venue, before })
      else this.#emit('venue_not_online', { venue, state: status.state })
    }
    if (status.upcoming !== '' && status.upcoming !== upcomingBefore)
      this.#emit('venue_maintenance', { venue, upcoming: status.upcoming })
  }
}
