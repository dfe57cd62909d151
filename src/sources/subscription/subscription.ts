/**
 * One symbol's subscription on a connection, from being asked for to its end. Pure: told of what happens and what time it is, it
 * says what to do. It outlives the sockets that carry it.
 *
 *   asked         sent to the venue; neither an answer nor a trade yet
 *   acknowledged  the venue confirmed it; no trade yet
 *   live          trades arrive
 *   unanswered    down: the venue did not answer in time, or never sent a trade where it does not answer
 *   refused       down: the venue said no
 *   ended         down: the venue took the subscription back
 *   silent        down: no trade for far longer than this symbol is ever quiet, or a trade that the venue announced never came
 *
 *   asked ─▶ acknowledged ─▶ live ─▶ silent        a trade makes any state `live`; a confirmation makes all but `live` and
 *     │           │            │                   `silent` `acknowledged`; what is down stays so, while it is asked for again,
 *     └──────── refused, ended, unanswered ◀─ any  until one of the two
 */

import { Liveness } from '../connection/liveness.ts'
import { DOWN_STATES, type SubscriptionState } from '../connection/status.ts'
import type { ResubscribeReason, Timings } from '../connection/timings.ts'
import type { RefusalKind } from './refusal-kind.ts'

/** What to do about a symbol: ask the venue for it again, or open another connection, which asks for everything. */
export type Remedy = 'ask' | 'replace'

/** What still arrives this soon after the venue ended a subscription was on its way already. */
const STRAGGLERS_MS = 5_000
/** The wait before announced trades count as lost doubles each time, up to this. */
const ANNOUNCED_MS_MAX = 300_000
/** Waits are longer by up to this share, drawn at random. */
const SPREAD = 0.2
/** So many ids in a row that are not new: the venue counts from somewhere else now. A snapshot repeats fewer. */
const REPEATS_MAX = 200

/** Trades that the venue announced and that never came: ids in a row. */
export interface AnnouncedLoss {
  first: number
  last: number
}

/** What all subscriptions of a connection share. */
export interface SubscriptionRules {
  /** Does the venue answer for each symbol? */
  acknowledges: boolean
  timings: Timings
  /** A number from 0 to 1: waits are spread, so that many clients do not return at one moment. */
  random: () => number
}

export class Subscription {
  readonly symbol: string
  readonly #rules: SubscriptionRules
  readonly #liveness: Liveness
  #state: SubscriptionState = 'requested'
  /** Why it is down, in the venue's words or ours; empty where it is not. */
  #detail = ''
  #sinceMs = 0
  /** When it was asked for, while no answer came. */
  #pendingSinceMs: number | undefined
  /** When to ask again. */
  #askAtMs = Number.POSITIVE_INFINITY
  /** Times it was refused, ended or left unanswered since it last was well. */
  #failures = 0
  #silences = 0
  #losses = 0
  #lastTradeId: number | undefined
  #repeats = 0
  /** The first trade that the venue announced and that has not come, and when it was announced. */
  #announcedId: number | undefined
  #announcedSinceMs = 0
  #newestAnnouncedId = 0

  constructor(symbol: string, rules: SubscriptionRules) {
    this.symbol = symbol
    this.#rules = rules
    this.#liveness = new Liveness(rules.timings)
  }

  get state(): SubscriptionState {
    return this.#state
  }

  get detail(): string {
    return this.#detail
  }

  /** When it came into this state, in the clock of whoever calls. */
  get sinceMs(): number {
    return this.#sinceMs
  }

  /** When it is asked for again; undefined if nothing is planned. */
  get askAtMs(): number | undefined {
    return this.#askAtMs === Number.POSITIVE_INFINITY ? undefined : this.#askAtMs
  }

  /** Asked for, and neither confirmed nor refused. */
  get pending(): boolean {
    return this.#pendingSinceMs !== undefined
  }

  get isDown(): boolean {
    return DOWN_STATES.has(this.#state)
  }

  /** Since its last trade, or since we began to listen, ms. */
  quietMs(nowMs: number): number {
    return this.#liveness.quietMs(nowMs)
  }

  /** A socket opened that asks for it. `beside`: while another one still delivers. */
  opened(nowMs: number, beside: boolean): void {
    const { acknowledges } = this.#rules
    this.#askAtMs = Number.POSITIVE_INFINITY
    this.#pendingSinceMs = acknowledges ? nowMs : undefined
    if (!acknowledges && this.isDown && this.#state !== 'silent') this.#enter('requested', '', nowMs)
    if (beside) return
    this.#liveness.resume(nowMs)
    if (!this.isDown) this.#enter('requested', '', nowMs)
  }

  /** No socket carries it any more: the next one asks for it. */
  lost(nowMs: number): void {
    this.#pendingSinceMs = undefined
    this.#askAtMs = Number.POSITIVE_INFINITY
    if (!this.isDown) this.#enter('requested', '', nowMs)
  }

  /** We listen again after a time in which frames were left unread. */
  resumed(nowMs: number): void {
    this.#liveness.resume(nowMs)
    if (this.pending) this.#pendingSinceMs = nowMs
    if (this.#announcedId !== undefined) this.#announcedSinceMs = nowMs
  }

  /** The venue confirmed it; one that confirms whatever it is asked for proves nothing by that. */
  acknowledged(nowMs: number): void {
    this.#pendingSinceMs = undefined
    if (this.#state === 'live' || this.#state === 'silent' || this.#state === 'acknowledged') return
    if (!this.#rules.acknowledges && this.#state !== 'refused' && this.#state !== 'ended') return
    // A venue that confirms and ends again and again is asked ever more rarely.
    if (this.#state !== 'ended') this.#failures = 0
    this.#askAtMs = Number.POSITIVE_INFINITY
    this.#enter(this.#rules.acknowledges ? 'acknowledged' : 'requested', '', nowMs)
  }

  refused(kind: RefusalKind, detail: string, nowMs: number): void {
    this.#down('refused', kind, detail, nowMs)
  }

  ended(nowMs: number): void {
    this.#down('ended', 'ended', 'the venue ended the subscription', nowMs)
  }

  /** A trade came. Called for every trade: nothing is allocated. An id above 2^53 is a bigint and not compared. */
  traded(tradeId: number | bigint, nowMs: number): void {
    const isNew = this.#isNew(tradeId)
    if (isNew) this.#liveness.frame(nowMs)
    // A snapshot repeats old trades: it proves that the subscription stands, not that new ones come.
    if (this.#state !== 'live' && (isNew || this.#state !== 'silent')) this.#revived(nowMs)
  }

  /** The venue says which trade of the symbol was the last; 0 or less says nothing. */
  announced(tradeId: number, nowMs: number): void {
    if (!(tradeId > 0)) return
    this.#newestAnnouncedId = tradeId
    // Before any trade came, the first announcement is where counting begins.
    this.#lastTradeId ??= tradeId
    if (tradeId <= this.#lastTradeId || this.#announcedId !== undefined) return
    this.#announcedId = tradeId
    this.#announcedSinceMs = nowMs
  }

  /** Trades that were announced longer ago than any delay explains and never came, with what to do. Each is returned once. */
  loss(nowMs: number): (AnnouncedLoss & { remedy: Remedy }) | undefined {
    if (this.#announcedId === undefined) return undefined
    const waitMs = Math.min(ANNOUNCED_MS_MAX, this.#rules.timings.announcedMsMax * 2 ** this.#losses)
    if (nowMs - this.#announcedSinceMs < waitMs) return undefined
    const first = this.#lastTradeId! + 1
    const last = Math.max(this.#announcedId, this.#newestAnnouncedId)
    this.#announcedId = undefined
    this.#lastTradeId = last
    this.#fallSilent(`trade ${last} was announced, and none came from ${first} on`, nowMs)
    this.#pendingSinceMs = nowMs
    return { first, last, remedy: ++this.#losses === 2 ? 'replace' : 'ask' }
  }

  /**
   * Looks at the clock: what is to be done now, if anything. `framesGoOn`: the connection as a whole is not silent; if it is, that
   * is not the symbol's matter.
   */
  check(nowMs: number, framesGoOn: boolean): Remedy | undefined {
    const { acknowledges, timings } = this.#rules
    if (nowMs >= this.#askAtMs) {
      this.#askAtMs = Number.POSITIVE_INFINITY
      this.#pendingSinceMs = nowMs
      return 'ask'
    }
    if (this.pending && nowMs - this.#pendingSinceMs! >= timings.answerMsMax) return this.#unanswered(nowMs)
    if (!framesGoOn) return undefined
    if (this.#state === 'requested' && !acknowledges && nowMs - this.#sinceMs >= timings.firstTradeMsMax) {
      const minutes = Math.round((nowMs - this.#sinceMs) / 60_000)
      this.#down('unanswered', 'unlisted', `no trade in ${minutes} min while others trade`, nowMs)
      return 'ask'
    }
    if ((this.#state !== 'live' && this.#state !== 'silent') || !this.#liveness.isSilent(nowMs)) return undefined
    const seconds = Math.round(this.quietMs(nowMs) / 1000)
    this.#liveness.calledSilent()
    this.#fallSilent(`no trade for ${seconds} s, against its own rhythm`, nowMs)
    this.#pendingSinceMs = nowMs
    // Once with another connection too; after that it is the market that sleeps, or the venue that does not carry it.
    return ++this.#silences === 2 ? 'replace' : 'ask'
  }

  #isNew(tradeId: number | bigint): boolean {
    if (typeof tradeId !== 'number') return true
    if (this.#lastTradeId !== undefined && tradeId <= this.#lastTradeId && ++this.#repeats < REPEATS_MAX) return false
    this.#repeats = 0
    this.#lastTradeId = tradeId
    if (this.#announcedId !== undefined && tradeId >= this.#announcedId) this.#announcedId = undefined
    return true
  }

  #unanswered(nowMs: number): Remedy | undefined {
    this.#pendingSinceMs = undefined
    if (!this.#rules.acknowledges) {
      // It answers requests as a whole: none came, so what was down still is.
      if (this.#state === 'refused' || this.#state === 'ended') this.#plan('passing', nowMs)
      return undefined
    }
    const asks = ++this.#failures
    if (this.#state === 'requested') this.#enter('unanswered', 'the venue does not answer the subscription', nowMs)
    if (asks === 1) {
      this.#pendingSinceMs = nowMs
      return 'ask'
    }
    this.#plan(this.#state === 'ended' ? 'ended' : 'unanswered', nowMs)
    return asks === 2 ? 'replace' : undefined
  }

  #revived(nowMs: number): void {
    if (this.#state === 'ended' && nowMs - this.#sinceMs < STRAGGLERS_MS) return
    this.#pendingSinceMs = undefined
    this.#askAtMs = Number.POSITIVE_INFINITY
    this.#failures = 0
    this.#silences = 0
    this.#losses = 0
    this.#enter('live', '', nowMs)
  }

  #fallSilent(detail: string, nowMs: number): void {
    if (this.#state === 'silent') this.#detail = detail
    else this.#enter('silent', detail, nowMs)
  }

  #down(state: 'refused' | 'ended' | 'unanswered', kind: ResubscribeReason, detail: string, nowMs: number): void {
    this.#pendingSinceMs = undefined
    this.#failures++
    this.#plan(kind, nowMs)
    if (this.#state === state) this.#detail = detail
    else this.#enter(state, detail, nowMs)
  }

  #plan(kind: ResubscribeReason, nowMs: number): void {
    const { firstMs, maxMs } = this.#rules.timings.resubscribe[kind]
    const waitMs = Math.min(maxMs, firstMs * 2 ** Math.max(0, this.#failures - 1))
    this.#askAtMs = nowMs + Math.round(waitMs * (1 + SPREAD * this.#rules.random()))
  }

  #enter(state: SubscriptionState, detail: string, nowMs: number): void {
    this.#state = state
    this.#detail = detail
    this.#sinceMs = nowMs
  }
}
