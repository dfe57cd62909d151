/**
 * Looks at a house from outside, again and again, and tells someone what is wrong. One probe: ask health and data → what is wrong →
 * what of it is to be told → send it, keep it, show it to the house. A probe never fails: what it cannot see is what it tells.
 */
import type { Clock } from '../clock.ts'
import { formatDuration } from '../format-duration.ts'
import type { HealthAnswer } from '../status/health.ts'
import type { WatchReport } from '../status/watch-report.ts'
import type { Emit } from '../telemetry/events.ts'
import { throttleEvents } from '../telemetry/throttle.ts'
import { type Message, openAlerts, step } from './alerts/alerts.ts'
import { conditionsOf, type Seen, type SymbolSeen } from './alerts/conditions.ts'
import type { GapModels } from './alerts/gap-models.ts'
import { nameOfSymbol } from './alerts/source-conditions.ts'
import { toDays, watched } from './availability.ts'
import type { InstanceClient, NewestTick } from './instance-client.ts'
import type { Outbox } from './outbox.ts'
import { countReached } from './references.ts'
import { readSilences, silencedUntilMs } from './silences.ts'
import { keep, type WatcherState } from './state.ts'

export interface WatcherOptions {
  house: InstanceClient
  stations: readonly InstanceClient[]
  /** `host:port` each. */
  references: readonly string[]
  gapModels: GapModels
  outbox: Outbox
  memory: WatcherState
  /** Its file. */
  state: string
  everyMs: number
  repeatMs: number
  silenceMsMin: number
  /** `VENUE:SYMBOL` each, in capitals: case does not matter. */
  ignored: ReadonlySet<string>
  /** Who it is, for the house's page. */
  watcher: string
  clock: Clock
  emit: Emit
}

const DAY_MS = 86_400_000
/**
 * Ticks are looked for this far back by the venue's time: they may be stored late, and its clock be behind. The first time, as far as
 * a symbol may be quiet and still be followed.
 */
const NEWEST_BACK_MS = 15 * 60_000
const FIRST_BACK_MS = 2 * DAY_MS
const REPORTED_DAYS = 90
/** What fails at each probe is told this often. */
const FAILURE_TOLD_EVERY_MS = 10 * 60_000

export class Watcher {
  /** The last probe: when it ended, and whether it found the house well; null if it could not tell. */
  last: { atMs: number; well: boolean | null } | undefined
  readonly #options: WatcherOptions
  readonly #startedAtMs: number
  readonly #newest = new Map<string, NewestTick>()
  readonly #tellFailure: Emit
  #memory: WatcherState
  /** By the house's clock, when all that it had stored was asked for. */
  #askedMs = Number.NEGATIVE_INFINITY

  constructor(options: WatcherOptions) {
    this.#options = options
    this.#memory = options.memory
    this.#startedAtMs = this.#nowMs()
    this.#tellFailure = throttleEvents(options.emit, FAILURE_TOLD_EVERY_MS, () => this.#nowMs())
  }

  get openAlerts() {
    return openAlerts(this.#memory.alerts)
  }

  async probe(): Promise<void> {
    const { state, outbox, everyMs, repeatMs } = this.#options
    const seen = await this.#look()
    const { nowMs } = seen
    const conditions = conditionsOf(seen)
    const { silences, unread } = await readSilences(state)
    if (unread !== undefined) this.#tellFailure('silences_unread', { why: unread })
    const told = step(
      this.#memory.alerts,
      {
        conditions,
        // Not judged: a symbol whose rhythm is not learned yet, and log and tables before the first audit of a run.
        unknown: name =>
          (name === 'stale' && this.#isUnjudged(seen.data)) ||
          (name === 'audit_failed' && seen.house.health?.audit === null),
        silencedUntilMs: name => silencedUntilMs(silences, name),
        nowMs,
      },
      { everyMs, repeatMs },
    )
    const well = wellness(seen, new Set(conditions.map(({ name }) => name)))
    for (const message of told.messages) this.#say(message)
    outbox.add(told.messages)
    const availability = watched(this.#memory.availability, nowMs, well, everyMs)
    this.#memory = { alerts: told.state, availability, unsent: outbox.unsent }
    // Kept before it is sent: a watcher that is killed here sends it after its next start.
    await this.#keep()
    await outbox.send(this.#options.clock.elapsedMs())
    if (outbox.unsent !== this.#memory.unsent) {
      this.#memory = { ...this.#memory, unsent: outbox.unsent }
      await this.#keep()
    }
    await this.#report(seen)
    this.last = { atMs: this.#nowMs(), well }
  }

  async #look(): Promise<Seen> {
    const { house, stations, references } = this.#options
    const nowMs = this.#nowMs()
    const [asked, ...others] = await Promise.all([house, ...stations].map(askHealth))
    const data = asked!.health && (await this.#lookAtData(asked!.health))
    const tried = asked!.health ? 0 : references.length
    return {
      nowMs,
      house: asked!,
      stations: others,
      data,
      references: { tried, reached: tried === 0 ? 0 : await countReached(references) },
    }
  }

  async #lookAtData(health: HealthAnswer): Promise<Seen['data']> {
    const { house, gapModels } = this.#options
    try {
      const sinceMs = Math.max(this.#askedMs - NEWEST_BACK_MS, health.atMs - FIRST_BACK_MS)
      for (const tick of await house.newestTicks(Math.floor(Math.min(sinceMs, health.atMs - NEWEST_BACK_MS))))
        this.#newest.set(`${tick.venue}:${tick.symbol}`, tick)
      // Ticks that are stored late are older than the last look: as long as some are to come, the next one begins where this did.
      if (!['trouble', 'behind'].includes(health.stations.ingest?.state ?? 'ok')) this.#askedMs = health.atMs
      if (await gapModels.learn(house, health.atMs))
        await gapModels.keep().catch(error => this.#tellFailure('watch_unkept', { why: (error as Error).message }))
      return { symbols: this.#symbolsSeen(health) }
    } catch (error) {
      return { failure: (error as Error).message }
    }
  }

  #symbolsSeen(health: HealthAnswer): SymbolSeen[] {
    const { gapModels, silenceMsMin } = this.#options
    return this.#followed(health).map(({ venue, symbol, newestMs }): SymbolSeen => {
      const allowedMs = gapModels.allowedMs(venue, symbol, health.atMs, silenceMsMin)
      return { venue, symbol, newestMs, allowedMs }
    })
  }

  /** Is it unknown whether the symbols that were silent too long still are? Those that ticked since are not. */
  #isUnjudged(data: Seen['data']): boolean {
    const before = this.#memory.alerts.remembered.stale
    if (!before || !data?.symbols) return true
    const affected = new Set(before.alert.affected)
    return data.symbols.some(
      each => each.allowedMs === null && (each.newestMs ?? 0) <= before.lastSeenMs && affected.has(nameOfSymbol(each)),
    )
  }

  /**
   * The symbols that the recorders name, and those of other programs' ticks: a symbol of one of our venues that no recorder
   * names any more was taken from the sources.
   */
  #followed(health: HealthAnswer): { venue: string; symbol: string; newestMs: number | null }[] {
    const { following, builtInVenues, atMs } = health
    const named = following.flatMap(({ venue, symbols }) => symbols.map(symbol => ({ venue, symbol, newestMs: null })))
    const others = [...this.#newest.values()].filter(
      ({ venue, newestMs }) => !builtInVenues.includes(venue) && newestMs > atMs - FIRST_BACK_MS,
    )
    const all = new Map([...named, ...others].map(each => [`${each.venue}:${each.symbol}`, each]))
    return [...all]
      .filter(([key]) => !this.#options.ignored.has(key.toUpperCase()))
      .map(([key, each]) => ({ ...each, newestMs: this.#newest.get(key)?.newestMs ?? null }))
  }

  #say({ kind, alert: { name, title, what, next }, lastedMs }: Message): void {
    const { emit } = this.#options
    const lasted = formatDuration(lastedMs)
    if (kind === 'opened') emit('alert_opened', { name, title, what, next })
    else if (kind === 'closed') emit('alert_closed', { name, title, lasted })
    else emit('alert_open', { name, title, lasted })
  }

  async #keep(): Promise<void> {
    await keep(this.#options.state, this.#memory).catch(error =>
      this.#tellFailure('watch_unkept', { why: (error as Error).message }),
    )
  }

  async #report(seen: Seen): Promise<void> {
    if (!seen.house.health) return
    const { house, watcher } = this.#options
    const report: WatchReport = {
      watcher,
      startedAtMs: this.#startedAtMs,
      atMs: seen.nowMs,
      open: this.openAlerts,
      availability: toDays(this.#memory.availability).slice(-REPORTED_DAYS),
    }
    await house.tell(report).catch(error => this.#tellFailure('watch_unseen', { why: (error as Error).message }))
  }

  #nowMs(): number {
    return Math.floor(this.#options.clock.nowMicros() / 1000)
  }
}

async function askHealth(station: InstanceClient): Promise<Seen['house']> {
  try {
    return { url: station.url, health: await station.health() }
  } catch (error) {
    return { url: station.url, failure: (error as Error).message }
  }
}

/** Is the market recorded, stored and fresh? Null where the watcher was cut off. */
function wellness({ house, data }: Seen, wrong: ReadonlySet<string>): boolean | null {
  if (wrong.has('isolated')) return null
  return Boolean(house.health && data?.symbols) && !WELL_WITHOUT.some(name => wrong.has(name))
}

const WELL_WITHOUT = ['log_trouble', 'sources_trouble', 'ingest_trouble', 'ingest_behind', 'store_trouble', 'stale']
