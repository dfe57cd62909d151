/**
 * The rule of a handover: when a recorder may stop because another one records the same. For every symbol and kind both
 * must have appended the same id, so that what comes after it is with the other one. Pure.
 */
import { DOWN_STATES, type SubscriptionState } from '../connection/status.ts'
import type { HeldIds } from './held-ticks.ts'

/** Both have ticks without ids for this long. */
const LIVE_MS_MIN = 3_000
/** Neither has a tick for this long while both are subscribed. */
const QUIET_MS_MIN = 5_000
/** The same where the venue does not confirm a subscription. */
const QUIET_UNCONFIRMED_MS_MIN = 10_000

/** What a recorder states of one symbol and kind. */
export interface Coverage {
  venue: string
  kind: string
  symbol: string
  state: SubscriptionState
  /** Why it is down, if it is. */
  detail: string
  /** Time in this state while its venue's connections are open, ms; 0 while one is not. */
  forMs: number
  /** What it has appended since the handover began; undefined for nothing. */
  ids?: HeldIds | undefined
}

/** How it is shown that another recorder has what this one has, or why it is not yet. */
export type Proof = { by: 'ids' | 'live' | 'quiet' | 'down' } | { by: null; why: string }

const waiting = (why: string): Proof => ({ by: null, why })

/**
 * Compares a subscription of this recorder with the other's; `other` is undefined if that has none. `watchedMs`: how
 * long both have noted their ticks.
 */
export function proofOf(own: Coverage, other: Coverage | undefined, watchedMs: number): Proof {
  // Nothing arrives here either: there is nothing to hand over.
  if (DOWN_STATES.has(own.state) && !own.ids) return { by: 'down' }
  if (!other) return waiting('not subscribed there')
  if (DOWN_STATES.has(other.state)) return waiting(`${other.state} there: ${other.detail}`)
  if (other.forMs === 0) return waiting('not connected there')
  if (own.ids && other.ids) return proofByTicks(own.ids, other.ids, Math.min(watchedMs, other.forMs))
  if (own.ids) return waiting('no tick there yet')
  const neededMs = other.state === 'requested' ? QUIET_UNCONFIRMED_MS_MIN : QUIET_MS_MIN
  if (watchedMs >= neededMs && other.forMs >= neededMs) return { by: 'quiet' }
  return waiting(other.ids ? 'no tick here yet' : 'quiet, and not yet for long enough')
}

function proofByTicks(own: HeldIds, other: HeldIds, bothMs: number): Proof {
  if (other.recent || own.recent) {
    for (const id of other.recent ?? []) if (own.recent?.has(id)) return { by: 'ids' }
    return waiting('no id that both have yet')
  }
  if (other.first === undefined || own.last === undefined)
    return bothMs >= LIVE_MS_MIN ? { by: 'live' } : waiting('no ids, and not yet live there for long enough')
  if (other.first <= own.last) return { by: 'ids' }
  return waiting(`its first id there, ${other.first}, is after the last one here, ${own.last}`)
}

/** The result for all subscriptions. */
export interface Overlap {
  all: number
  proved: number
  /** Of these by ids. */
  byIds: number
  /** What is not shown yet, as text. */
  missing: string[]
}

/** Compares all subscriptions of this recorder with the other's, by `keyOf`. */
export function overlapOf(
  own: readonly Coverage[],
  other: readonly Coverage[],
  watchedMs: number,
  keyOf: (coverage: Coverage) => string,
): Overlap {
  const others = new Map(other.map(coverage => [keyOf(coverage), coverage]))
  const overlap: Overlap = { all: own.length, proved: 0, byIds: 0, missing: [] }
  for (const coverage of own) {
    const proof = proofOf(coverage, others.get(keyOf(coverage)), watchedMs)
    if (proof.by === 'ids') overlap.byIds++
    if (proof.by !== null) overlap.proved++
    else overlap.missing.push(`${coverage.venue} ${coverage.symbol} ${coverage.kind}: ${proof.why}`)
  }
  return overlap
}
