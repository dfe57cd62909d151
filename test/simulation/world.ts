/**
 * One simulated world from one seed: a log, a store, and processes that run the real ingest between them. First things go wrong,
 * then nothing does any more, and all must come to be stored within a bound of time. The seed decides everything.
 */

import { MS_PER_DAY } from '../../src/clock.ts'
import { TickhouseError } from '../../src/errors.ts'
import { Assignment } from '../../src/ingest/assignment.ts'
import { Checkpoint } from '../../src/ingest/checkpoint.ts'
import type { KnownVenues } from '../../src/ingest/validated-record.ts'
import { Random } from '../../src/simulator/random.ts'
import { CALM, type Odds, type Tally } from './faults.ts'
import { Host, START_MICROS } from './host.ts'
import { SIMULATED_KINDS } from './kinds.ts'
import { SimulatedBroker, SimulatedLog } from './log.ts'
import { SCRIPT_VENUE, scriptOf } from './script.ts'
import { SimulatedServer, SimulatedStore } from './store.ts'
import { Timeline } from './timeline.ts'

/** What the loop may stop for: records that are gone, or lost and replaced by others. The judge knows whether they were. */
const STOPS = /was trimmed|was requested|no longer contains|is not the one that was stored|the store has records up to/

const FAULTY_MS_MAX = 12_000
/** Within this the world must have healed: a few of the longest pauses between two tries. */
const HEALED_WITHIN_MS = 60_000
const STEPS_MAX = 20_000
const PAUSE_MS_MAX = 8_000
const NOTICE_MS_MAX = 3_000
const RESTART_MS_MAX = 2_000
const LOST_BEFORE_READING = 0.02

const VENUES: KnownVenues = new Map([[SCRIPT_VENUE, 'dense']])

/** A process and what it does. */
interface Ingest {
  host: Host
  holding: Assignment
  /** The log's words to it, one after the other. */
  told: Promise<void>
  words: (() => void | Promise<void>)[]
  /** When the last of them reaches it. */
  toldAtMs: number
}

export class World {
  readonly seed: number
  readonly tally: Tally
  readonly timeline: Timeline
  readonly broker: SimulatedBroker
  readonly server: SimulatedServer
  steps = 0
  /** Why it cannot go on: what no fault may cause. */
  broken: string | undefined
  readonly #limits
  #ingests: Ingest[] = []
  readonly #begun: Ingest[] = []
  readonly #owners: (Ingest | undefined)[]
  /** Of each partition: writes the next record of its script, with its time. */
  readonly #append: ((timestampMs: number) => void)[] = []
  readonly #beforeReading: Random
  #odds: Odds
  #healed = false
  /** By then every process has seen what the log lost: one that stands still, once it goes on. */
  #seenByMs = 0

  constructor(seed: number, tally: Tally) {
    this.seed = seed
    this.tally = tally
    const timeline = new Timeline(new Random(seed))
    this.timeline = timeline
    const partitions = timeline.chance(0.2) ? 2 : 1
    this.server = new SimulatedServer(timeline, timeline.chance(0.7), tally)
    this.broker = new SimulatedBroker(timeline, partitions, tally)
    this.#beforeReading = new Random(seed, 'before reading')
    this.broker.readingBehind = (partition, after) => this.#loseBeforeReading(partition, after)
    this.#owners = Array.from({ length: partitions }, () => undefined)
    this.#limits = { ticksMax: 2 + timeline.below(10), bytesMax: 1e6, ageMsMax: 10 + timeline.delayMs(2_000) }
    const strength = [0, 0.02, 0.1, 0.3][timeline.below(4)]!
    this.#odds = {
      failed: strength * timeline.random.uniform(),
      answerLost: strength * timeline.random.uniform(),
      late: strength * timeline.random.uniform(),
      unreadable: 0.2 * strength * timeline.random.uniform(),
      unforeseen: timeline.chance(0.1) ? 0.1 : 0,
    }
    this.server.odds = this.#odds
    this.broker.odds = this.#odds
    const faultyMs = timeline.random.uniform() * FAULTY_MS_MAX
    this.#writeLog(faultyMs)
    for (let hosts = this.server.remote ? 1 + timeline.below(3) : 1; hosts > 0; hosts--) this.#startProcess()
    for (let actions = timeline.below(7); actions > 0; actions--) this.#after(faultyMs, () => this.#actUp())
    timeline.after(faultyMs, () => this.#heal())
  }

  /** Lets the next thing happen; false once all is stored or it will never be. */
  step(): boolean {
    if (this.#settled) return false
    this.steps++
    if (this.broken || this.steps > STEPS_MAX) {
      this.broken ??= `no end after ${STEPS_MAX} steps`
      return false
    }
    return this.timeline.step()
  }

  /** Lets go of what still waits in it, which would keep it in memory. Once it was judged. */
  end(): void {
    for (const { holding } of this.#begun) for (const { partition } of holding.partitions) holding.onRevoked(partition)
  }

  /** Faults are over, all is stored, and nothing sent before is still on its way. */
  get #settled(): boolean {
    if (!this.#healed || this.server.writes.size > 0 || this.timeline.nowMs < this.#seenByMs) return false
    return this.#owners.every((owner, partition) => {
      const ingest = owner!.holding.partitions.find(held => held.partition === partition)
      if (this.stopped(partition)) return true
      return ingest?.mode === 'running' && ingest.next === this.broker.partitions[partition]!.records.length
    })
  }

  /** Has the partition been stopped for a person to look at? */
  stopped(partition: number): boolean {
    const ingest = this.#owners[partition]!.holding.partitions.find(held => held.partition === partition)
    return ingest?.mode === 'failed' && ['log_diverged', 'log_behind_store'].includes(ingest.failure?.code ?? '')
  }

  #after(msMax: number, act: () => void): void {
    this.timeline.after(this.timeline.random.uniform() * msMax, act)
  }

  /** Appends the script's records over the time of faults; their times are the log's, which may step back. */
  #writeLog(faultyMs: number): void {
    for (const [partition] of this.broker.partitions.entries()) {
      const number = this.timeline.below(1e6)
      const script = scriptOf(partition, number)
      // What is written in place of lost records is of other symbols.
      const others = scriptOf(partition + this.broker.partitions.length, number)
      const startMs = START_MICROS / 1000 + (this.timeline.below(3) - 1) * MS_PER_DAY
      const spread = this.timeline.below(3) * FAULTY_MS_MAX
      const astray = this.timeline.chance(0.3)
      let index = 0
      this.#append[partition] = timestampMs => {
        const from = this.broker.partitions[partition]!.before ? others : script
        const record = from[index++ % from.length]!
        for (const { fault } of record.ticks) if (fault) this.tally[fault]++
        this.broker.append(partition, record, timestampMs)
      }
      for (const _ of script) {
        this.#after(faultyMs, () => {
          const stepMs = this.timeline.chance(0.1) ? (this.timeline.random.uniform() - 0.6) * MS_PER_DAY : 0
          const offMs = astray ? this.#daysOff() : 0
          this.#append[partition]!(Math.floor(startMs + this.timeline.nowMs + spread + stepMs + offMs))
        })
      }
    }
  }

  /** How far the clock of a log is off that lost its battery, or came back from sleep. */
  #daysOff(): number {
    if (this.timeline.chance(0.5)) return 0
    this.tally['log clock days off']++
    const days = [2 / 24, 1, 2, 3, 365, -2 / 24, -1, -365][this.timeline.below(8)]!
    return days * MS_PER_DAY
  }

  #startProcess(): void {
    const host = new Host(this.timeline)
    const log = new SimulatedLog(this.broker, host)
    const store = new SimulatedStore(this.server, host)
    const ingest: Ingest = { host, holding: undefined as never, told: Promise.resolve(), words: [], toldAtMs: 0 }
    ingest.holding = new Assignment({
      log,
      store,
      checkpoint: new Checkpoint(store, host.clock, SIMULATED_KINDS),
      kinds: SIMULATED_KINDS,
      venues: VENUES,
      limits: this.#limits,
      clock: host.clock,
      emit: (event, fields) => {
        if (event === 'ingest_failed' && !('why' in fields && STOPS.test(String(fields.why))))
          this.broken = `ingest failed: ${JSON.stringify(fields)}`
      },
      onStored: () => {
        if (!this.timeline.chance(this.#odds.unforeseen)) return
        this.tally['process ended by an unforeseen error']++
        throw new Error('unforeseen')
      },
      crashed: error => {
        if (!(error instanceof TickhouseError) && (error as Error).message !== 'unforeseen') this.broken = String(error)
        this.#kill(ingest)
      },
    })
    this.#ingests.push(ingest)
    this.#begun.push(ingest)
    this.#shareOut()
  }

  /** Kills a process: what it sent may still arrive. Its directory is free at once; the group notices later. */
  #kill(ingest: Ingest): void {
    if (!ingest.host.alive) return
    ingest.host.alive = false
    this.#ingests = this.#ingests.filter(other => other !== ingest)
    if (!this.server.remote) this.server.end(() => true)
    this.#after(RESTART_MS_MAX, () => this.#startProcess())
    if (this.server.remote) this.#after(NOTICE_MS_MAX, () => this.#shareOut())
  }

  /** Gives partitions without a living owner to one. */
  #shareOut(): void {
    if (this.#ingests.length === 0) return
    for (const [partition, owner] of this.#owners.entries()) {
      if (owner?.host.alive) continue
      this.#move(partition, this.#ingests[this.timeline.below(this.#ingests.length)]!)
    }
  }

  #move(partition: number, to: Ingest): void {
    const from = this.#owners[partition]
    if (from === to) return
    this.#owners[partition] = to
    if (from?.host.alive) this.#tell(from, () => from.holding.onRevoked(partition))
    this.#tell(to, () => to.holding.onAssigned(partition))
  }

  /** The log's word reaches a process after a while, behind those before it. */
  #tell(ingest: Ingest, word: () => void | Promise<void>): void {
    const delayMs = this.timeline.delayMs(this.#healed ? 100 : NOTICE_MS_MAX)
    ingest.toldAtMs = Math.max(ingest.toldAtMs, this.timeline.nowMs + delayMs)
    ingest.words.push(word)
    ingest.host.after(ingest.toldAtMs - this.timeline.nowMs, () => {
      ingest.told = ingest.told.then(ingest.words.shift())
    })
  }

  #actUp(): void {
    const { timeline, tally, broker, server } = this
    const ingest = this.#ingests[timeline.below(this.#ingests.length)]
    const partition = timeline.below(broker.partitions.length)
    const held = broker.partitions[partition]!
    switch (timeline.below(9)) {
      case 0:
      case 1:
        if (!ingest) return
        tally['process killed']++
        this.#kill(ingest)
        return
      case 2:
        if (!ingest) return
        tally['process stood still']++
        ingest.host.pausedUntilMs = timeline.nowMs + timeline.below(PAUSE_MS_MAX)
        if (server.remote) this.#after(NOTICE_MS_MAX, () => this.#moveAnywhere(partition))
        return
      case 3:
        this.#moveAnywhere(partition)
        return
      case 4:
        if (!ingest) return
        tally['clock stepped']++
        ingest.host.skewMicros = (timeline.below(20_000) - 10_000) * 1000
        return
      case 5:
        tally['store down']++
        server.downUntilMs = timeline.nowMs + timeline.below(4_000)
        return
      case 6:
        tally['group offsets changed']++
        held.committed = timeline.chance(0.5) ? undefined : timeline.below(held.records.length + 1)
        return
      case 7:
        this.#loseRecords(partition)
        return
      default:
        // What was lost and replaced, and then trimmed, cannot be told from what was stored: nobody has both any more.
        if (!timeline.chance(0.3) || held.first === held.records.length || held.before) return
        held.first += 1 + timeline.below(Math.min(3, held.records.length - held.first))
        tally['records trimmed before stored']++
    }
  }

  #loseRecords(partition: number): void {
    const { timeline, tally, broker } = this
    const held = broker.partitions[partition]!
    const kept = held.records.length - held.first
    if (held.before || kept === 0 || !timeline.chance(0.5)) return
    const election = timeline.chance(0.5)
    tally[election ? 'records lost by an unclean election' : 'log put back from an older copy']++
    if (election) held.leaderEpoch++
    broker.lose(partition, held.records.length - 1 - timeline.below(Math.min(4, kept)))
  }

  /** Loses the last stored record and writes others in its place: after the tables were asked, before the first record is read. */
  #loseBeforeReading(partition: number, after: number): void {
    const { broker, tally } = this
    const held = broker.partitions[partition]!
    if (this.#healed || held.before || after < held.first || this.#beforeReading.uniform() >= LOST_BEFORE_READING)
      return
    tally['records replaced before they were read']++
    const { timestampMs } = held.records[after]!
    held.leaderEpoch++
    broker.lose(partition, after)
    for (let more = 2; more > 0; more--) this.#append[partition]!(timestampMs)
  }

  #moveAnywhere(partition: number): void {
    if (this.#healed || !this.server.remote || this.#ingests.length < 2) return
    this.tally['partition moved']++
    this.#move(partition, this.#ingests[this.timeline.below(this.#ingests.length)]!)
  }

  /** No more faults: one process holds all partitions, others may live on and finish what they had begun. */
  #heal(): void {
    this.server.odds = CALM
    this.broker.odds = CALM
    this.#odds = CALM
    this.server.downUntilMs = 0
    this.#healed = true
    for (const { host } of this.#ingests) host.pausedUntilMs = 0
    if (this.broker.partitions.some(({ before }) => before)) {
      this.#seenByMs = this.timeline.nowMs + PAUSE_MS_MAX + NOTICE_MS_MAX
      this.timeline.after(PAUSE_MS_MAX + NOTICE_MS_MAX, () => {})
    }
    if (this.#ingests.length === 0) this.#startProcess()
    const owner = this.#ingests[this.timeline.below(this.#ingests.length)]!
    for (const partition of this.#owners.keys()) this.#move(partition, owner)
    this.timeline.after(HEALED_WITHIN_MS, () => {
      const { mode, next, failure } = owner.holding.partitions[0] ?? {}
      this.broken = `not healed after ${HEALED_WITHIN_MS} ms: ${mode} at ${next}, ${failure?.message}`
    })
  }
}
