/**
 * Requests the trades that ingest misses from their venues, while live ticks flow. Ingest lists open gaps for the recorders of
 * its log; of several recorders one requests the trades of a symbol. What comes back goes into the log like any trade, and ingest closes the gap.
 */
import { BACKGROUND_CLOCK, type Clock, MS_PER_HOUR } from '../../clock.ts'
import type { Emit } from '../../telemetry/events.ts'
import { throttleEvents } from '../../telemetry/throttle.ts'
import { countIds } from '../../tick/repairs/id-ranges.ts'
import { type OpenGap, type OpenGaps, readOpenGaps } from '../../tick/repairs/open-gaps.ts'
import { TIMINGS, type Timings } from '../connection/timings.ts'
import type { Subscription } from '../feeds.ts'
import type { RestHosts } from '../rest/hosts.ts'
import type { RepairStatus } from '../status.ts'
import { NOTHING_DONE, type RepairReceiver, VenueRepair } from './venue-repair.ts'

export interface RepairsOptions {
  hosts: RestHosts
  receiver: RepairReceiver
  /** What ingest lists now: one message of each partition. */
  listed(): unknown[]
  /** What is recorded now. */
  subscriptions(): readonly Subscription[]
  /** Which symbols this recorder repairs now: see owner.ts. */
  ownership(): (venue: string, symbol: string) => boolean
  /** Trades older than this are not requested, unless a person had them requested again since, ms. */
  reachMs: number
  emit: Emit
  timings?: Timings
  /** For simulations. */
  clock?: Clock
  random?: () => number
}

/** A gap is as old as the trade after it, or as the last request of a person. */
const sinceOf = ({ beforeMicros, foundAtMicros, requestedMicros = 0 }: OpenGap): number =>
  Math.max(beforeMicros ?? foundAtMicros, requestedMicros)

const idsOf = (gaps: readonly OpenGap[]): number =>
  countIds(gaps.flatMap(({ missing }) => missing.map(([first, last]) => ({ first, last }))))

const ofVenues = (gaps: readonly OpenGap[] = []) => Map.groupBy(gaps, ({ venue }) => venue)

export class Repairs {
  readonly #options: RepairsOptions
  readonly #timings: Timings
  readonly #emit: Emit
  readonly #stop = new AbortController()
  readonly #venues = new Map<string, VenueRepair>()
  /** Ids of gaps older than the reach, by venue. */
  #beyondReach: ReadonlyMap<string, number> = new Map()
  readonly #running: Promise<unknown>[] = []
  readonly #clock: Clock
  #cancelUpdate: () => void

  /** Starts. A failure affects no recording. */
  constructor(options: RepairsOptions) {
    this.#options = options
    this.#timings = options.timings ?? TIMINGS
    this.#clock = options.clock ?? BACKGROUND_CLOCK
    this.#emit = throttleEvents(
      options.emit,
      this.#timings.repairReportMs,
      () => this.#clock.elapsedMs(),
      (event, { venue, symbol }) => [event, venue, symbol].join(' '),
    )
    this.#cancelUpdate = this.#updateLater()
  }

  async close(): Promise<void> {
    this.#cancelUpdate()
    this.#stop.abort()
    await Promise.all(this.#running)
  }

  status(): RepairStatus[] {
    return [...new Set([...this.#venues.keys(), ...this.#beyondReach.keys()])].map(venue => {
      const repair = this.#venues.get(venue)
      return {
        ...{ venue, missing: repair?.missing() ?? 0, beyondReach: this.#beyondReach.get(venue) ?? 0 },
        ...(repair?.counts ?? NOTHING_DONE),
        ...{ waitMs: Math.round(repair?.waitMs() ?? 0), why: repair?.why ?? '' },
      }
    })
  }

  #updateLater(): () => void {
    return this.#clock.after(this.#timings.repairListMs, () => {
      this.#cancelUpdate = this.#updateLater()
      this.#update()
    })
  }

  #update(): void {
    const { listed, subscriptions, ownership, reachMs } = this.#options
    const isOurs = ownership()
    const since = this.#clock.nowMicros() - reachMs * 1000
    const gaps = listed()
      .map(readOpenGaps)
      .filter((one): one is OpenGaps => one !== undefined)
      .flatMap(one => one.gaps)
      .filter(gap => isOurs(gap.venue, gap.symbol))
    const byAge = Map.groupBy(gaps, gap => sinceOf(gap) >= since)
    const [byVenue, beyond] = [ofVenues(byAge.get(true)), ofVenues(byAge.get(false))]
    const beyondReach = new Map<string, number>()
    for (const { venue, rest } of subscriptions()) {
      if (!venue.repair || rest === undefined) continue
      if (byVenue.has(venue.name) && !this.#venues.has(venue.name)) this.#start(venue.name, venue.repair, rest)
      if (beyond.has(venue.name)) beyondReach.set(venue.name, idsOf(beyond.get(venue.name)!))
    }
    this.#reportBeyond(beyondReach)
    for (const [name, venue] of this.#venues)
      venue.update(Map.groupBy<string, OpenGap>(byVenue.get(name) ?? [], ({ symbol }) => symbol))
  }

  /** Keeps what is not requested, and reports what has become more: at a start, and when a gap passes the reach. */
  #reportBeyond(beyondReach: ReadonlyMap<string, number>): void {
    const hours = this.#options.reachMs / MS_PER_HOUR
    for (const [venue, count] of beyondReach)
      if (count > (this.#beyondReach.get(venue) ?? 0)) this.#emit('trades_beyond_reach', { venue, count, hours })
    this.#beyondReach = beyondReach
  }

  #start(venue: string, repairer: NonNullable<Subscription['venue']['repair']>, rest: string): void {
    const { hosts, receiver, random } = this.#options
    const common = { hosts, receiver, emit: this.#emit, timings: this.#timings, clock: this.#clock, random }
    const one = new VenueRepair({ venue, repairer, rest, ...common })
    this.#venues.set(venue, one)
    this.#running.push(
      this.#run(one).catch(error => {
        if (!this.#stop.signal.aborted) throw error
      }),
    )
  }

  async #run(venue: VenueRepair): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) if (!(await venue.step(signal))) await this.#clock.sleep(this.#timings.repairIdleMs, signal)
  }
}
