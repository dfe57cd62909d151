/**
 * Probes an instance from outside and sends alerts. One probe: fetch health and data, derive conditions, update alerts,
 * save the state, send messages, report to the instance. A probe never fails: a failed request is a condition.
 */
import { type Clock, MS_PER_DAY } from '../clock.ts'
import type { HealthAnswer } from '../status/health.ts'
import type { WatchReport } from '../status/watch-report.ts'
import type { Emit } from '../telemetry/events.ts'
import { throttleEvents } from '../telemetry/throttle.ts'
import { type Message, openAlerts, step } from './alerts/alerts.ts'
import { conditionsOf, type Probe, type ProcessProbe, type SymbolProbe } from './alerts/conditions.ts'
import type { GapModels } from './alerts/gap-models.ts'
import { nameOfSymbol } from './alerts/source-conditions.ts'
import { addProbe, toDays } from './availability.ts'
import type { Witness } from './cosigning/witness.ts'
import { formatDuration } from './format-duration.ts'
import type { InstanceClient, NewestTick } from './instance-client.ts'
import type { Outbox } from './outbox.ts'
import { countReached } from './references.ts'
import { readSilences, silencedUntilMs } from './silences.ts'
import { saveState, type WatcherState } from './state.ts'

export interface WatcherOptions {
  instance: InstanceClient
  /** Further processes of a cluster. */
  processes: readonly InstanceClient[]
  /** `host:port` each. */
  references: readonly string[]
  gapModels: GapModels
  outbox: Outbox
  /** Null: nothing is cosigned. */
  witness?: Witness | null
  state: WatcherState
  stateFile: string
  everyMs: number
  repeatMs: number
  /** The shortest gap that is stale. */
  staleMsMin: number
  /** `VENUE:SYMBOL` each, in capitals: case does not matter. */
  ignored: ReadonlySet<string>
  /** Its name on the instance's page. */
  watcher: string
  clock: Clock
  emit: Emit
}

/**
 * Newest ticks are searched this far back in venue time: they may be stored late, and the venue's clock may be behind.
 * The first search goes as far back as a symbol may be quiet and still be followed.
 */
const NEWEST_BACK_MS = 15 * 60_000
const FIRST_BACK_MS = 2 * MS_PER_DAY
const REPORTED_DAYS = 90
/** A failure of each probe is logged at this interval. */
const FAILURE_EVERY_MS = 10 * 60_000
const HEALTHY_WITHOUT = ['log_trouble', 'sources_trouble', 'ingest_trouble', 'ingest_behind', 'store_trouble', 'stale']

export class Watcher {
  /** The last probe: when it ended, and whether the instance was healthy; null if unknown. */
  last: { atMs: number; healthy: boolean | null } | undefined
  readonly #options: WatcherOptions
  readonly #startedAtMs: number
  readonly #newest = new Map<string, NewestTick>()
  readonly #emitFailure: Emit
  #state: WatcherState
  /** By the instance's clock, when all ticks stored until then had been fetched. */
  #fetchedMs = Number.NEGATIVE_INFINITY

  constructor(options: WatcherOptions) {
    this.#options = options
    this.#state = options.state
    this.#startedAtMs = this.#nowMs()
    this.#emitFailure = throttleEvents(options.emit, FAILURE_EVERY_MS, () => this.#nowMs())
  }

  get openAlerts() {
    return openAlerts(this.#state.alerts)
  }

  async probe(): Promise<void> {
    const { stateFile, outbox, everyMs, repeatMs } = this.#options
    const probe = await this.#fetchAll()
    const { nowMs } = probe
    const conditions = conditionsOf(probe)
    const { silences, unreadable } = await readSilences(stateFile)
    if (unreadable !== undefined) this.#emitFailure('silences_unread', { why: unreadable })
    const { state: alerts, messages } = step(
      this.#state.alerts,
      {
        conditions,
        // Unknown: a symbol whose gaps are not learned yet, and log and tables before the first audit of a run.
        unknown: name =>
          (name === 'stale' && this.#isStaleUnknown(probe)) ||
          (name === 'audit_failed' && probe.instance.health?.audit === null),
        silencedUntilMs: name => silencedUntilMs(silences, name),
        nowMs,
      },
      { everyMs, repeatMs },
    )
    const healthy = isWell(probe, new Set(conditions.map(({ name }) => name)))
    for (const message of messages) this.#emitAlert(message)
    outbox.add(messages)
    const availability = addProbe(this.#state.availability, nowMs, healthy, everyMs)
    this.#state = { alerts, availability, unsent: outbox.unsent }
    // Saved before sending: a watcher that is killed here sends after its restart.
    await this.#save()
    await outbox.send(this.#options.clock.elapsedMs())
    if (outbox.unsent !== this.#state.unsent) {
      this.#state = { ...this.#state, unsent: outbox.unsent }
      await this.#save()
    }
    await this.#report(probe)
    this.last = { atMs: this.#nowMs(), healthy }
  }

  async #fetchAll(): Promise<Probe> {
    const { instance, processes, references, witness } = this.#options
    const nowMs = this.#nowMs()
    const [first, ...others] = await Promise.all([instance, ...processes].map(fetchHealth))
    const data = first!.health && (await this.#fetchData(first!.health))
    const answering = [instance, ...processes].filter((_, at) => [first!, ...others][at]!.health)
    const cosigning = await witness?.probe(answering, nowMs)
    const tried = first!.health ? 0 : references.length
    return {
      nowMs,
      instance: first!,
      processes: others,
      data,
      cosigning,
      references: { tried, reached: tried === 0 ? 0 : await countReached(references) },
    }
  }

  async #fetchData(health: HealthAnswer): Promise<Probe['data']> {
    const { instance, gapModels } = this.#options
    try {
      const sinceMs = Math.max(this.#fetchedMs - NEWEST_BACK_MS, health.atMs - FIRST_BACK_MS)
      for (const tick of await instance.newestTicks(Math.floor(Math.min(sinceMs, health.atMs - NEWEST_BACK_MS))))
        this.#newest.set(`${tick.venue}:${tick.symbol}`, tick)
      // Ticks stored late are older than the last probe: while some are expected, the next search starts where this one
      // did.
      if (!['trouble', 'behind'].includes(health.stations.ingest?.state ?? 'ok')) this.#fetchedMs = health.atMs
      if (await gapModels.learn(instance, health.atMs)) await gapModels.save().catch(error => this.#emitUnsaved(error))
      const switchedOff = await instance.switchedOff(health.atMs)
      const [differing, unverified] = [await instance.differing(health.atMs), await instance.unverified(health.atMs)]
      const drifted = await instance.drifted(health.atMs)
      return { symbols: this.#probeSymbols(health), switchedOff, differing, unverified, drifted }
    } catch (error) {
      return { failure: (error as Error).message }
    }
  }

  #probeSymbols(health: HealthAnswer): SymbolProbe[] {
    const { gapModels, staleMsMin } = this.#options
    return this.#followed(health).map(({ venue, symbol, newestMs }): SymbolProbe => {
      const allowedMs = gapModels.allowedMs(venue, symbol, health.atMs, staleMsMin)
      return { venue, symbol, newestMs, allowedMs }
    })
  }

  /** Is it unknown whether the stale symbols still are? Symbols with a tick since then are not; others may be, after a start. */
  #isStaleUnknown({ data, instance: { health } }: Probe): boolean {
    const before = this.#state.alerts.conditions.stale
    if (!before || !data?.symbols || !health) return true
    const ranMs = health.atMs - health.startedAtMs
    const affected = new Set(before.alert.affected)
    return data.symbols.some(
      each =>
        (each.allowedMs === null || ranMs <= each.allowedMs) &&
        (each.newestMs ?? 0) <= before.lastSeenMs &&
        affected.has(nameOfSymbol(each)),
    )
  }

  /**
   * The symbols that recorders follow, and those of other programs. A symbol of a built-in venue that no recorder
   * follows any more was removed from the sources.
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

  #emitAlert({ kind, alert: { name, title, what, next }, lastedMs }: Message): void {
    const { emit } = this.#options
    const lasted = formatDuration(lastedMs)
    if (kind === 'opened') emit('alert_opened', { name, title, what, next })
    else if (kind === 'closed') emit('alert_closed', { name, title, lasted })
    else emit('alert_open', { name, title, lasted })
  }

  async #save(): Promise<void> {
    await saveState(this.#options.stateFile, this.#state).catch(error => this.#emitUnsaved(error))
  }

  #emitUnsaved(error: Error): void {
    this.#emitFailure('watch_unkept', { why: error.message })
  }

  async #report(probe: Probe): Promise<void> {
    if (!probe.instance.health) return
    const { instance, watcher } = this.#options
    const report: WatchReport = {
      watcher,
      startedAtMs: this.#startedAtMs,
      atMs: probe.nowMs,
      open: this.openAlerts,
      availability: toDays(this.#state.availability).slice(-REPORTED_DAYS),
    }
    await instance.report(report).catch(error => this.#emitFailure('watch_unseen', { why: (error as Error).message }))
  }

  #nowMs(): number {
    return Math.floor(this.#options.clock.nowMicros() / 1000)
  }
}

async function fetchHealth(client: InstanceClient): Promise<ProcessProbe> {
  try {
    return { url: client.url, health: await client.health() }
  } catch (error) {
    return { url: client.url, failure: (error as Error).message }
  }
}

/** Is the market recorded, stored and fresh? Null if the watcher had no network. */
function isWell({ instance, data }: Probe, conditions: ReadonlySet<string>): boolean | null {
  if (conditions.has('isolated')) return null
  return Boolean(instance.health && data?.symbols) && !HEALTHY_WITHOUT.some(name => conditions.has(name))
}
