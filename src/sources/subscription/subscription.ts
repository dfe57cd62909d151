/**
 * State machine of the subscription to one kind of a symbol's ticks on a connection. Pure: from events and the time to what
 * to do. It outlives the sockets.
 *
 *   requested     sent to the venue; neither an answer nor a trade yet
 *   acknowledged  the venue confirmed it; no trade yet
 *   live          trades arrive
 *   quiet         no trade for far longer than usual, and by the venue's own count there was none
 *   unanswered    down: the venue did not answer in time, or never sent a trade where it does not answer
 *   refused       down: the venue rejected it
 *   ended         down: the venue ended it
 *   silent        down: no trade for far longer than usual, or a trade that the venue announced never arrived
 *   halted        not live, and by the venue's list it does not trade at present
 *   delisted      down: not live, and by the venue's list it will not trade again
 *
 *   requested ─▶ acknowledged ─▶ live ─▶ silent
 *     │             │             │
 *     └────────── refused, ended, unanswered ◀─ any
 *
 * `live` and `silent` become `quiet` where a venue states which trades exist. A trade makes any state `live`; a
 * confirmation makes any state but `live`, `silent` and `quiet` `acknowledged`. A symbol that is down stays down during
 * retries, until a trade or a confirmation. A sporadic kind is `live` without a tick.
 */

import type { IdRange } from '../../tick/repairs/id-ranges.ts'
import type { Witness } from '../../venues/venue.ts'
import { Liveness } from '../connection/liveness.ts'
import { DOWN_STATES, type Listing, type SubscriptionState } from '../connection/status.ts'
import type { ResubscribeReason } from '../connection/timings.ts'
import { AnnouncedTrades } from '../witness/announced-trades.ts'
import type { VolumeDifference } from '../witness/summed-trades.ts'
import type { RefusalKind } from './refusal-kind.ts'
import type { SubscriptionRules } from './subscription-rules.ts'

/** What to do about a symbol: request it again, or open another connection, which requests all symbols. */
export type Remedy = 'resubscribe' | 'replace'

/** States that ticks, or their absence, decide, and not the venue's answers. */
const KNOWN_BY_TICKS: ReadonlySet<SubscriptionState> = new Set(['live', 'silent', 'quiet'])
/** Ticks within this time after a subscription ended were in flight. */
export const STRAGGLERS_MS = 5_000
/** The wait before announced trades count as lost doubles each time, up to this. */
const ANNOUNCED_MS_MAX = 300_000
/** Waits are longer by a random share, up to this. */
const JITTER = 0.2

export class Subscription {
  readonly symbol: string
  readonly #rules: SubscriptionRules
  readonly #liveness: Liveness
  #state: SubscriptionState = 'requested'
  #listing: Listing | undefined
  #firstTickMs: number | undefined
  /** Why it is down, by the venue's text or ours; empty if it is not. */
  #detail = ''
  #sinceMs = 0
  /** When it was requested, until an answer arrives. */
  #pendingSinceMs: number | undefined
  /** When to request it again. */
  #retryAtMs = Number.POSITIVE_INFINITY
  /** How many times it was refused, ended or unanswered since it was last live. */
  #failures = 0
  #silences = 0
  #losses = 0
  readonly #announced = new AnnouncedTrades()

  constructor(symbol: string, rules: SubscriptionRules) {
    this.symbol = symbol
    this.#rules = rules
    this.#liveness = new Liveness(rules.timings)
  }

  get state(): SubscriptionState {
    return this.#halt?.state ?? this.#state
  }

  get detail(): string {
    return this.#halt?.detail ?? this.#detail
  }

  /** What the list states, unless a tick contradicts it. */
  get #halt(): Listing | undefined {
    return this.#state === 'live' && !this.#rules.sporadic ? undefined : this.#listing
  }

  /** When it entered this state, by the caller's clock. */
  get sinceMs(): number {
    return this.#sinceMs
  }

  /** When its first tick arrived; undefined if none did. */
  get firstTickMs(): number | undefined {
    return this.#firstTickMs
  }

  /** What the venue's list states of it; undefined if it trades, or is not known. */
  listed(listing: Listing | undefined): void {
    this.#listing = listing
  }

  /** When it is requested again; undefined if that is not scheduled. */
  get retryAtMs(): number | undefined {
    return this.#retryAtMs === Number.POSITIVE_INFINITY ? undefined : this.#retryAtMs
  }

  /** Requested, and neither confirmed nor refused. */
  get pending(): boolean {
    return this.#pendingSinceMs !== undefined
  }

  get isDown(): boolean {
    return DOWN_STATES.has(this.state)
  }

  /** Since its last trade, or since reading started, ms. */
  quietMs(nowMs: number): number {
    return this.#liveness.quietMs(nowMs)
  }

  /** A socket opened and requests it. `duringRotation`: another socket still delivers. */
  opened(nowMs: number, duringRotation: boolean): void {
    const { acknowledges } = this.#rules
    this.#retryAtMs = Number.POSITIVE_INFINITY
    this.#pendingSinceMs = acknowledges ? nowMs : undefined
    const isDown = DOWN_STATES.has(this.#state)
    if (!acknowledges && isDown && this.#state !== 'silent') this.#enter('requested', '', nowMs)
    if (!duringRotation) this.#liveness.resume(nowMs)
    if (!duringRotation && !isDown) this.#enter('requested', '', nowMs)
    if (this.#rules.sporadic && !acknowledges && this.#state === 'requested') this.#enter('live', '', nowMs)
  }

  /** No socket is open: the next one requests it. */
  lost(nowMs: number): void {
    this.#pendingSinceMs = undefined
    this.#retryAtMs = Number.POSITIVE_INFINITY
    if (!DOWN_STATES.has(this.#state)) this.#enter('requested', '', nowMs)
  }

  /** Reading resumes after a pause. */
  resumed(nowMs: number): void {
    this.#liveness.resume(nowMs)
    if (this.pending) this.#pendingSinceMs = nowMs
    this.#announced.resumed(nowMs)
  }

  /** The venue confirmed it. Ignored for a venue that confirms every request, except after a refusal or an end. */
  acknowledged(nowMs: number): void {
    this.#pendingSinceMs = undefined
    if (KNOWN_BY_TICKS.has(this.#state) || this.#state === 'acknowledged') return
    if (!this.#rules.acknowledges && this.#state !== 'refused' && this.#state !== 'ended') return
    // Repeated confirmations and ends must keep increasing the wait.
    if (this.#state !== 'ended') this.#failures = 0
    this.#retryAtMs = Number.POSITIVE_INFINITY
    const { acknowledges, sporadic } = this.#rules
    if (sporadic) this.#enter('live', '', nowMs)
    else this.#enter(acknowledges ? 'acknowledged' : 'requested', '', nowMs)
  }

  refused(kind: RefusalKind, detail: string, nowMs: number): void {
    this.#down('refused', kind, detail, nowMs)
  }

  ended(nowMs: number): void {
    this.#down('ended', 'ended', 'the venue ended the subscription', nowMs)
  }

  /** Called for every tick, with its id if ids rise, and of a trade its time, µs since 1970 UTC, and volume; allocates nothing. */
  ticked(id: number | bigint | undefined, nowMs: number, micros = 0, volume = 0): void {
    this.#firstTickMs ??= nowMs
    const isNew = this.#announced.isNew(id, micros, volume)
    if (isNew) this.#liveness.frame(nowMs)
    // A snapshot repeats old trades: it proves that the subscription exists, not that new trades arrive.
    if (this.#state !== 'live' && (isNew || this.#state !== 'silent')) this.#revived(nowMs)
  }

  /** The venue announced the id of the symbol's last trade; 0 or less is ignored. */
  announced(tradeId: number, nowMs: number): void {
    this.#announced.announced(tradeId, nowMs)
  }

  /** The venue states which trades of a minute exist. Returns how the volume of the minute before differs, once. */
  witnessed(witness: Witness, nowMs: number): VolumeDifference | undefined {
    return this.#announced.witnessed(witness, nowMs)
  }

  /** Announced trades that did not arrive within the wait, and what to do. Each is returned once. */
  loss(nowMs: number): (IdRange & { remedy: Remedy }) | undefined {
    const waitMs = Math.min(ANNOUNCED_MS_MAX, this.#rules.timings.announcedMsMax * 2 ** this.#losses)
    const lost = this.#announced.lost(waitMs, nowMs)
    if (!lost) return undefined
    this.#enterSilent(`trade ${lost.last} was announced, but none arrived from ${lost.first} on`, nowMs)
    this.#pendingSinceMs = nowMs
    return { ...lost, remedy: ++this.#losses === 2 ? 'replace' : 'resubscribe' }
  }

  /**
   * What to do now, if anything. `receiving`: the connection as a whole is not silent; a silent connection is handled
   * there.
   */
  check(nowMs: number, receiving: boolean): Remedy | undefined {
    const { kind, acknowledges, sporadic, timings } = this.#rules
    if (nowMs >= this.#retryAtMs) {
      this.#retryAtMs = Number.POSITIVE_INFINITY
      this.#pendingSinceMs = nowMs
      return 'resubscribe'
    }
    if (this.pending && nowMs - this.#pendingSinceMs! >= timings.answerMsMax) return this.#unanswered(nowMs)
    if (!receiving || this.#listing || sporadic) return undefined
    if (this.#state === 'requested' && !acknowledges && nowMs - this.#sinceMs >= timings.firstTradeMsMax) {
      const minutes = Math.round((nowMs - this.#sinceMs) / 60_000)
      this.#down('unanswered', 'unlisted', `no ${kind} in ${minutes} min while others arrive`, nowMs)
      return 'resubscribe'
    }
    const isQuiet = this.#announced.isWhole(timings.witnessMsMax, nowMs)
    if (this.#state === 'silent' && isQuiet && nowMs - this.#sinceMs >= 2 * timings.announcedMsMax) {
      this.#enter('quiet', '', nowMs)
      return undefined
    }
    if (!KNOWN_BY_TICKS.has(this.#state) || !this.#liveness.isSilent(nowMs)) return undefined
    if (isQuiet) {
      if (this.#state === 'live') this.#enter('quiet', '', nowMs)
      return undefined
    }
    const seconds = Math.round(this.quietMs(nowMs) / 1000)
    this.#liveness.reportedSilent()
    this.#enterSilent(`no ${kind} for ${seconds} s, far longer than usual`, nowMs)
    this.#pendingSinceMs = nowMs
    // Replaced once; after that the market is quiet, or the venue does not send the symbol.
    return ++this.#silences === 2 ? 'replace' : 'resubscribe'
  }

  #unanswered(nowMs: number): Remedy | undefined {
    this.#pendingSinceMs = undefined
    if (!this.#rules.acknowledges) {
      // It answers requests as a whole: without an answer, a symbol that was down stays down.
      if (this.#state === 'refused' || this.#state === 'ended') this.#scheduleRetry('temporary', nowMs)
      return undefined
    }
    const attempts = ++this.#failures
    if (this.#state === 'requested') this.#enter('unanswered', 'the venue does not answer the subscription', nowMs)
    if (attempts === 1) {
      this.#pendingSinceMs = nowMs
      return 'resubscribe'
    }
    this.#scheduleRetry(this.#state === 'ended' ? 'ended' : 'unanswered', nowMs)
    return attempts === 2 ? 'replace' : undefined
  }

  #revived(nowMs: number): void {
    if (this.#state === 'ended' && nowMs - this.#sinceMs < STRAGGLERS_MS) return
    this.#pendingSinceMs = undefined
    this.#retryAtMs = Number.POSITIVE_INFINITY
    this.#failures = 0
    this.#silences = 0
    this.#losses = 0
    this.#enter('live', '', nowMs)
  }

  #enterSilent(detail: string, nowMs: number): void {
    if (this.#state === 'silent') this.#detail = detail
    else this.#enter('silent', detail, nowMs)
  }

  #down(state: 'refused' | 'ended' | 'unanswered', kind: ResubscribeReason, detail: string, nowMs: number): void {
    this.#pendingSinceMs = undefined
    this.#failures++
    this.#scheduleRetry(kind, nowMs)
    if (this.#state === state) this.#detail = detail
    else this.#enter(state, detail, nowMs)
  }

  #scheduleRetry(kind: ResubscribeReason, nowMs: number): void {
    const { firstMs, maxMs } = this.#rules.timings.resubscribe[kind]
    const waitMs = Math.min(maxMs, firstMs * 2 ** Math.max(0, this.#failures - 1))
    this.#retryAtMs = nowMs + Math.round(waitMs * (1 + JITTER * this.#rules.random()))
  }

  #enter(state: SubscriptionState, detail: string, nowMs: number): void {
    this.#state = state
    this.#detail = detail
    this.#sinceMs = nowMs
  }
}
