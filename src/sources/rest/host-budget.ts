/** What one host of REST addresses allows: how long to wait before the next request. Pure; times are ms of one monotonic clock. */
import type { RestLimits } from '../../venues/repair/repairer.ts'

const WINDOW_MS = 60_000

/** What an answer states about the limit. */
export interface StatedUse {
  /** Weight used in the minute of the server's clock; undefined if not stated. */
  used: number | undefined
  /** The server's clock, ms since 1970 UTC, in whole seconds; undefined if not stated. */
  serverMs: number | undefined
}

export class HostBudget {
  #limits: RestLimits
  #nextMs = Number.NEGATIVE_INFINITY
  #pausedUntilMs = Number.NEGATIVE_INFINITY
  #used = 0
  /** The use counts until then. */
  #usedUntilMs = Number.POSITIVE_INFINITY

  constructor(limits: RestLimits) {
    this.#limits = limits
  }

  /** Venues that share a host share the strictest of their limits. */
  limit({ apartMs, weight }: RestLimits): void {
    const known = this.#limits.weight
    const perMinute = Math.min(
      weight?.perMinute ?? Number.POSITIVE_INFINITY,
      known?.perMinute ?? Number.POSITIVE_INFINITY,
    )
    const both = weight ?? known
    this.#limits = {
      apartMs: Math.max(apartMs, this.#limits.apartMs),
      ...(both && { weight: { ...both, perMinute } }),
    }
  }

  /** The header in which answers state the weight used, if any. */
  get usedHeader(): string | undefined {
    return this.#limits.weight?.usedHeader
  }

  /** Wait before a request of this weight, ms, so that no more than a share of the limit is used. */
  waitMs(weight: number, share: number, nowMs: number): number {
    const until = Math.max(this.#nextMs, this.#pausedUntilMs)
    return Math.max(0, until - nowMs, this.#weightWaitMs(weight, share, nowMs))
  }

  #weightWaitMs(weight: number, share: number, nowMs: number): number {
    const { weight: limit } = this.#limits
    if (nowMs >= this.#usedUntilMs) {
      this.#used = 0
      this.#usedUntilMs = Number.POSITIVE_INFINITY
    }
    if (!limit || this.#used === 0 || this.#used + weight <= limit.perMinute * share) return 0
    if (this.#usedUntilMs === Number.POSITIVE_INFINITY) this.#usedUntilMs = nowMs + WINDOW_MS
    return this.#usedUntilMs - nowMs
  }

  /** A request was sent. It counts even if it is never answered. */
  sent(weight: number, nowMs: number): void {
    this.#nextMs = nowMs + this.#limits.apartMs
    this.#used += weight
  }

  /** It was answered. The server's count replaces ours: it includes what other programs used. */
  answered({ used, serverMs }: StatedUse, nowMs: number): void {
    if (used === undefined) return
    this.#used = used
    this.#usedUntilMs = nowMs + (serverMs === undefined ? WINDOW_MS : WINDOW_MS - (serverMs % WINDOW_MS))
  }

  /** Allows nothing before then: the server limits requests, or has banned this address. */
  pause(untilMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs)
  }

  /** Remaining pause, ms. */
  pausedMs(nowMs: number): number {
    return Math.max(0, this.#pausedUntilMs - nowMs)
  }
}
