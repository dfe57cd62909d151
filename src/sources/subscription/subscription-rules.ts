import type { Timings } from '../connection/timings.ts'

/** Shared by all subscriptions of a connection to one kind. */
export interface SubscriptionRules {
  /** The kind of ticks. */
  kind: string
  /** The venue confirms or refuses each symbol. */
  acknowledges: boolean
  /**
   * No tick for hours is usual: a symbol is live once the venue confirms it or, where it confirms nothing, once requested,
   * and never silent.
   */
  sporadic?: boolean
  timings: Timings
  /** A number from 0 to 1, for the jitter of waits. */
  random: () => number
}
