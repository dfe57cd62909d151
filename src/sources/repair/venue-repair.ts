/** Repairs the trades of one venue at one REST address, request after request, for as long as something is missing. */
import { createHash } from 'node:crypto'
import { BACKGROUND_CLOCK, type Clock } from '../../clock.ts'
import { plainLine } from '../../plain-text.ts'
import type { Emit } from '../../telemetry/events.ts'
import { countIds, type IdRange } from '../../tick/repairs/id-ranges.ts'
import type { OpenGap } from '../../tick/repairs/open-gaps.ts'
import type { Repair } from '../../tick/repairs/repairs.ts'
import { ORIGIN, TradeDraft } from '../../tick/trades.ts'
import type { MissingIds, Repairer, RepairReading, RestAnswer } from '../../venues/repair/repairer.ts'
import { Backoff } from '../connection/backoff.ts'
import type { Timings } from '../connection/timings.ts'
import { REPAIR_SHARE, type RestHosts, RestRefused, reasonOf } from '../rest/hosts.ts'
import { refusalWords } from './refusal-words.ts'
import { SymbolRepair, type Unsupplied } from './symbol-repair.ts'

/** Characters of a venue's words that are kept. */
const REASON_LENGTH_MAX = 200
/** A page of a thousand trades has some 200 KB. */
const PAGE_BYTES_MAX = 16 * 2 ** 20
/** Pages by cursor for one gap, so that a cursor that leads in a circle ends. */
const PAGES_MAX = 10_000

/** Takes what was found. */
export interface RepairReceiver {
  readonly paused: boolean
  trade(trade: TradeDraft): void
  repair(repair: Repair): void
}

export interface VenueRepairOptions {
  venue: string
  repairer: Repairer
  rest: string
  hosts: RestHosts
  receiver: RepairReceiver
  emit: Emit
  timings: Timings
  /** For simulations. */
  clock?: Clock | undefined
  random?: (() => number) | undefined
}

/** Counts since start. */
export interface RepairCounts {
  requests: number
  /** Trades sent to the log. */
  trades: number
  /** Ids that the venue does not supply. */
  unrepairable: number
}

/** Counts at the start. */
export const NOTHING_DONE: Readonly<RepairCounts> = { requests: 0, trades: 0, unrepairable: 0 }

export class VenueRepair {
  readonly counts: RepairCounts = { ...NOTHING_DONE }
  /** Why nothing can be requested now; empty otherwise. */
  why = ''
  readonly #options: VenueRepairOptions
  readonly #symbols = new Map<string, SymbolRepair>()
  readonly #addresses: readonly string[]
  readonly #backoff: Backoff
  readonly #draft = new TradeDraft()
  readonly #clock: Clock
  /** By the clock's elapsed time: when each address may be tried again. */
  readonly #refusedUntilMs = new Map<string, number>()
  #notBeforeMs = 0
  /** Since when every answer refuses our address or region; undefined after any other. */
  #deniedSinceMs: number | undefined

  constructor(options: VenueRepairOptions) {
    this.#options = options
    const { repairer, rest, hosts, timings, clock = BACKGROUND_CLOCK, random } = options
    this.#clock = clock
    this.#addresses = repairer.addresses(rest)
    for (const address of this.#addresses) hosts.limit(address, repairer.limits)
    this.#backoff = new Backoff(timings.repairRetryMs / 2, timings.repairRetryMs, timings.repairRetryMsMax, random)
  }

  /** Takes over what is missing now, by symbol; symbols that are not among them miss nothing. */
  update(gaps: ReadonlyMap<string, readonly OpenGap[]>): void {
    const { timings } = this.#options
    for (const [symbol, known] of this.#symbols) if (!gaps.has(symbol)) known.update([])
    for (const [symbol, own] of gaps) {
      const times = { settleMs: timings.repairSettleMs, absentMs: timings.repairAbsentMs }
      const known = this.#symbols.get(symbol) ?? new SymbolRepair(times)
      this.#symbols.set(symbol, known)
      known.update(own)
    }
  }

  /** Ids that are missing and not on their way. */
  missing(): number {
    const nowMs = this.#clock.elapsedMs()
    return [...this.#symbols.values()].reduce((sum, symbol) => sum + countIds(symbol.missing(nowMs)), 0)
  }

  /** How long nothing may be requested, ms. */
  waitMs(): number {
    const nowMs = this.#clock.elapsedMs()
    const paused = Math.min(...this.#addresses.map(address => this.#unusableMs(address, nowMs)))
    return Math.max(0, paused, this.#notBeforeMs - nowMs)
  }

  /** Requests ids of one symbol; false if nothing can be done now. Rejects only with the signal's reason. */
  async step(signal: AbortSignal): Promise<boolean> {
    const { repairer, receiver } = this.#options
    if (receiver.paused || this.waitMs() > 0) return false
    const nowMs = this.#clock.elapsedMs()
    const address = this.#addresses.find(one => this.#unusableMs(one, nowMs) === 0)!
    for (const [name, symbol] of this.#symbols) {
      const missing = symbol.next(name, repairer.pageIds, nowMs)
      if (!missing) continue
      // A symbol whose turn it was goes to the end.
      this.#symbols.delete(name)
      this.#symbols.set(name, symbol)
      await this.#ask(symbol, missing, address, signal)
      return true
    }
    return false
  }

  async #ask(symbol: SymbolRepair, missing: MissingIds, address: string, signal: AbortSignal): Promise<void> {
    const { repairer } = this.#options
    let cursor: string | undefined
    for (let page = 1; page <= PAGES_MAX; page++) {
      const request = repairer.plan(missing, address, cursor)
      if (typeof request === 'string') {
        this.#report(symbol.absent(missing, request, this.#clock.elapsedMs()), missing.symbol, undefined)
        return
      }
      const answer = await this.#send(address, request, signal)
      if (!answer) return
      const reading = repairer.read(answer, request, missing)
      if (reading.kind !== 'page') {
        await this.#refused(symbol, missing, address, reading, answer)
        return
      }
      this.#backoff.reset()
      this.#deniedSinceMs = undefined
      this.why = ''
      const found = this.#take(symbol, missing.symbol, reading, answer)
      if (reading.next === undefined || reading.next === cursor) {
        if (found === 0 || page > 1) this.#lacks(symbol, missing, reading, answer)
        return
      }
      cursor = reading.next
      if (symbol.next(missing.symbol, 1, this.#clock.elapsedMs()) === undefined) return
    }
  }

  /** Sends a request; undefined if there is no answer to read. */
  async #send(
    address: string,
    { path, headers, weight }: { path: string; headers?: Readonly<Record<string, string>>; weight: number },
    signal: AbortSignal,
  ): Promise<RestAnswer | undefined> {
    const { hosts, timings } = this.#options
    const timeoutMs = timings.repairMsMax
    this.counts.requests++
    try {
      const limits = { share: REPAIR_SHARE, bytesMax: PAGE_BYTES_MAX }
      return await hosts.send(address, path, { headers, weight, signal, timeoutMs, ...limits })
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof RestRefused)) this.#retryLater(reasonOf(error))
      else if (error.status === 403 || error.status === 451) this.#deny(address, error.answer)
      // Errors that the venue states in a body.
      else if (error.status >= 400 && error.status < 418) return error.answer
      else this.#retryLater(error.message, error.waitMs)
      return undefined
    }
  }

  async #refused(
    symbol: SymbolRepair,
    missing: MissingIds,
    address: string,
    reading: Exclude<RepairReading, { kind: 'page' }>,
    answer: RestAnswer,
  ): Promise<void> {
    const { hosts } = this.#options
    const reason = plainLine(reading.reason, REASON_LENGTH_MAX)
    if (reading.kind === 'cannot')
      this.#report(symbol.cannot(missing, reason, this.#clock.elapsedMs()), missing.symbol, answer)
    else if (reading.kind === 'elsewhere') this.#leave(address, reason)
    else {
      if (reading.ms !== undefined) await hosts.pause(address, reading.ms)
      this.#retryLater(reason, reading.ms)
    }
  }

  /** Sends what is missing on its way; returns how many ids that were. */
  #take(
    symbol: SymbolRepair,
    name: string,
    { trades, aggregates = [] }: Extract<RepairReading, { kind: 'page' }>,
    answer: RestAnswer,
  ): number {
    const { venue, receiver } = this.#options
    const nowMs = this.#clock.elapsedMs()
    const receivedAtMicros = this.#clock.nowMicros()
    const taken = symbol.take(trades, nowMs)
    const draft = this.#draft
    for (const { id, price, volume, side, micros, nanos, firstId = 0, lastId = 0 } of taken) {
      Object.assign(draft, { venue, symbol: name, tradeId: id, price, volume, side, firstId, lastId, receivedAtMicros })
      Object.assign(draft, { timestampMicros: micros, timestampNanos: nanos, origin: ORIGIN.repair })
      receiver.trade(draft)
    }
    this.counts.trades += taken.length
    const sums = symbol.takeSums(aggregates, nowMs)
    this.#report(sums, name, answer)
    return taken.length + sums.length
  }

  #lacks(
    symbol: SymbolRepair,
    missing: MissingIds,
    { trades, aggregates = [] }: Extract<RepairReading, { kind: 'page' }>,
    answer: RestAnswer,
  ): void {
    const above = trades.reduce((least, { id }) => (id > missing.last ? Math.min(least, id) : least), Number.MAX_VALUE)
    const begins = above === Number.MAX_VALUE ? '' : `: it begins at id ${above}`
    const why = `the venue's answer has none of these ids${trades.length === 0 ? ': it is empty' : begins}`
    const ids = [...trades.map(({ id }) => ({ first: id, last: id })), ...aggregates]
    const lacked = coveredBy(ids, missing, this.#options.repairer.down ?? false)
    this.#report(symbol.absent(lacked, why, this.#clock.elapsedMs()), missing.symbol, answer)
  }

  #report(given: readonly Unsupplied[], symbol: string, answer: RestAnswer | undefined): void {
    if (given.length === 0) return
    const { venue, receiver, emit } = this.#options
    const bodySha256 = answer ? createHash('sha256').update(answer.body).digest('hex') : ''
    const common = {
      venue,
      symbol,
      outcome: 'unrepairable' as const,
      acceptedBy: '',
      receivedAtMicros: this.#clock.nowMicros(),
    }
    for (const one of given) {
      receiver.repair({ ...common, ...one, httpStatus: answer?.status ?? 0, bodySha256 })
      this.counts.unrepairable += one.last - one.first + 1
    }
    const { reason } = given[0]!
    emit('trades_unrepairable', { venue, symbol, count: countIds(given), first: given[0]!.first, why: reason })
  }

  /**
   * The host refuses our address or region, and is left alone for the time that `hosts` keeps. If no other one serves us
   * for long, the venue does not supply what is missing: it is then reported in the venue's words. A page of trades resets the time.
   */
  #deny(address: string, answer: RestAnswer): void {
    const why = refusalWords(answer)
    const nowMs = this.#clock.elapsedMs()
    this.#deniedSinceMs ??= nowMs
    this.#leave(address, why)
    if (this.waitMs() === 0 || nowMs - this.#deniedSinceMs < this.#options.timings.repairDeniedMs) return
    const all = { first: 0, last: Number.MAX_SAFE_INTEGER }
    for (const [name, symbol] of this.#symbols) this.#report(symbol.cannot(all, why, nowMs), name, answer)
  }

  /** The address does not serve this: another one is used, this one again after a while. */
  #leave(address: string, why: string): void {
    if (this.#addresses.length === 1) {
      this.#retryLater(why)
      return
    }
    this.#refusedUntilMs.set(address, this.#clock.elapsedMs() + this.#options.timings.regionRefusedMs)
    const { venue, emit } = this.#options
    this.why = plainLine(why, REASON_LENGTH_MAX)
    emit('repair_waiting', { venue, address, why: this.why, waitMs: Math.round(this.waitMs()) })
  }

  #retryLater(why: string, waitMs = 0): void {
    const { venue, rest, emit } = this.#options
    const ms = Math.max(this.#backoff.next(), waitMs)
    this.#notBeforeMs = this.#clock.elapsedMs() + ms
    this.why = plainLine(why, REASON_LENGTH_MAX)
    emit('repair_waiting', { venue, address: rest, why: this.why, waitMs: ms })
  }

  #unusableMs(address: string, nowMs: number): number {
    const refusedMs = (this.#refusedUntilMs.get(address) ?? 0) - nowMs
    return Math.max(0, refusedMs, this.#options.hosts.pausedMs(address))
  }
}

/** Of requested ids, those that an answer with these ids covers: a short one ends before the others. */
function coveredBy(ids: readonly IdRange[], { first, last }: IdRange, down: boolean): IdRange {
  const lowest = ids.reduce((least, one) => Math.min(least, one.first), Number.POSITIVE_INFINITY)
  const highest = ids.reduce((most, one) => Math.max(most, one.last), Number.NEGATIVE_INFINITY)
  if (down) return { first: lowest <= last ? Math.max(first, lowest) : first, last }
  return { first, last: highest >= first ? Math.min(last, highest) : last }
}
