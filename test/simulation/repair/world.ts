/**
 * One simulated repair from one seed: a venue, a recorder that is killed at any moment, a log, and the real ingest with its
 * tables. First everything lies, then nothing does any more. The seed decides everything; time is simulated.
 */
import { createHash } from 'node:crypto'
import { TickhouseError } from '../../../src/errors.ts'
import { Assignment } from '../../../src/ingest/assignment.ts'
import { Checkpoint } from '../../../src/ingest/checkpoint.ts'
import { listOf } from '../../../src/ingest/gaps/gap-announcer.ts'
import type { KnownVenues } from '../../../src/ingest/validated-record.ts'
import type { Announcement } from '../../../src/log/status-board.ts'
import { Random } from '../../../src/simulator/random.ts'
import { TIMINGS, type Timings } from '../../../src/sources/connection/timings.ts'
import type { Subscription } from '../../../src/sources/feeds.ts'
import { Repairs } from '../../../src/sources/repair/repairs.ts'
import { RestHosts } from '../../../src/sources/rest/hosts.ts'
import { KeptPauses } from '../../../src/sources/rest/kept-pauses.ts'
import { type Kind, REPAIRS, TRADES } from '../../../src/tick/kinds.ts'
import { type Repair, RepairColumns } from '../../../src/tick/repairs/repairs.ts'
import { ORIGIN, TradeColumns, type TradeDraft } from '../../../src/tick/trades.ts'
import { binanceRepair } from '../../../src/venues/binance/repair.ts'
import { coinbaseRepair } from '../../../src/venues/coinbase/repair.ts'
import { krakenRepair } from '../../../src/venues/kraken/repair.ts'
import type { Repairer } from '../../../src/venues/repair/repairer.ts'
import { noFaults } from '../faults.ts'
import { Host } from '../host.ts'
import { SimulatedBroker, SimulatedLog } from '../log.ts'
import { SimulatedServer, SimulatedStore } from '../store.ts'
import { Timeline } from '../timeline.ts'
import { type RepairTally, tried } from './faults.ts'
import { type Client, type Shape, SimulatedRest, WEIGHT, WEIGHT_MAX } from './rest.ts'
import { type IssuedTrade, SimulatedVenue } from './venue.ts'

const FAULTY_MS_MAX = 120_000
/** Within this all must be repaired: the longest ban, and then some pages in a minute. */
const HEALED_WITHIN_MS = 3_600_000
const STEPS_MAX = 200_000
const RESTART_MS_MAX = 5_000
const FLUSH_MS_MAX = 200
const KEPT_MS_MAX = 300
const BUFFER_TRADES = 64
const REACH_MS = 86_400_000

/** Shorter than a user's where many are waited for. */
export const SIMULATED_TIMINGS: Timings = {
  ...TIMINGS,
  ...{ repairListMs: 2_000, repairIdleMs: 2_000, repairMsMax: 5_000, repairSettleMs: 20_000, repairAbsentMs: 5_000 },
  ...{ repairDeniedMs: 120_000, addressRefusedMs: 15_000, regionRefusedMs: 40_000 },
}

const REPAIRERS: Readonly<Record<Shape, Repairer>> = {
  binance: {
    ...binanceRepair,
    limits: { apartMs: 50, weight: { perMinute: WEIGHT_MAX, usedHeader: 'x-mbx-used-weight-1m' } },
    plan: (missing, rest, cursor) => {
      const request = binanceRepair.plan(missing, rest, cursor)
      return typeof request === 'string' ? request : { ...request, weight: WEIGHT }
    },
  },
  coinbase: coinbaseRepair,
  kraken: krakenRepair,
}
const SHAPES: readonly Shape[] = ['binance', 'coinbase', 'kraken']
const KINDS: readonly Kind[] = [REPAIRS, TRADES]
const ADDRESS = 'https://rest.simulated'

/** What processes leave for each other beside the log. */
class Board {
  readonly #messages = new Map<string, Announcement>()

  set(key: string, body: unknown): void {
    this.#messages.set(key, { key, atMs: 0, body: structuredClone(body) })
  }

  of(prefix: string): Announcement[] {
    return [...this.#messages.values()].filter(({ key }) => key.startsWith(prefix))
  }
}

/** A recorder of the feed that also repairs. */
interface Recorder extends Client {
  repairs: Repairs
  buffer: { kind: Kind; columns: TradeColumns | RepairColumns } | undefined
}

export class RepairWorld {
  readonly timeline: Timeline
  readonly venue: SimulatedVenue
  readonly rest: SimulatedRest
  readonly server: SimulatedServer
  steps = 0
  /** Why it cannot go on: what no fault may cause. */
  broken: string | undefined
  healed = false
  /** Nothing more was done in the time that it has. */
  late = false
  readonly #tally: RepairTally
  readonly #broker: SimulatedBroker
  readonly #board = new Board()
  readonly #shape: Shape
  readonly #trace = createHash('sha256')
  #healedMs = 0
  #recorder: Recorder | undefined
  #ingest: { host: Host; holding: Assignment } | undefined
  readonly #begun: Assignment[] = []

  constructor(seed: number, tally: RepairTally) {
    this.#tally = tally
    const timeline = new Timeline(new Random(seed, 'repair'))
    this.timeline = timeline
    this.server = new SimulatedServer(timeline, false, noFaults())
    this.#broker = new SimulatedBroker(timeline, 1, noFaults())
    this.#shape = SHAPES[timeline.below(SHAPES.length)]!
    const faultyMs = 20_000 + timeline.random.uniform() * FAULTY_MS_MAX
    this.#startRecorder()
    this.#startIngest()
    this.venue = new SimulatedVenue(timeline, faultyMs, tally, trade => this.#receive(trade))
    this.rest = new SimulatedRest(timeline, this.venue, this.#shape, tally)
    const moments = (most: number, act: () => void) => {
      for (let times = timeline.below(most + 1); times > 0; times--)
        timeline.after(100 + timeline.random.uniform() * faultyMs, act)
    }
    moments(4, () => this.#killRecorder())
    moments(3, () => this.#killIngest())
    moments(3, () => this.rest.useByOthers())
    if (timeline.chance(0.15)) moments(1, () => this.rest.forget())
    timeline.after(faultyMs, () => this.#heal())
  }

  /** Lets the next thing happen; false once nothing is missing any more. */
  step(): boolean {
    if (this.#settled) return false
    this.steps++
    if (this.steps > STEPS_MAX) this.broken ??= `no end after ${STEPS_MAX} steps`
    return this.broken === undefined && !this.late && this.timeline.step()
  }

  /** Of all that came to the log and when: equal for equal worlds. */
  get traceHash(): string {
    return this.#trace.copy().digest('hex')
  }

  /** Lets go of what still waits in it. */
  end(): void {
    for (const holding of this.#begun) void holding.onRevoked(0)
  }

  get #settled(): boolean {
    if (!this.healed || this.#recorder === undefined || this.#recorder.buffer || this.server.writes.size > 0)
      return false
    const ingest = this.#ingest?.holding.partitions[0]
    if (ingest?.mode !== 'running' || ingest.next < this.#broker.partitions[0]!.records.length) return false
    const isAllIssued = this.timeline.nowMs > this.#healedMs + 4_000
    return isAllIssued && ingest.ids.gapsOpen === 0
  }

  #heal(): void {
    this.healed = true
    this.#healedMs = this.timeline.nowMs
    this.rest.heal()
    if (!this.#recorder) this.#startRecorder()
    if (!this.#ingest) this.#startIngest()
    this.venue.finish()
    const withinMs = this.rest.forGood === 503 ? HEALED_WITHIN_MS / 6 : HEALED_WITHIN_MS
    this.timeline.after(withinMs, () => {
      this.late = true
    })
  }

  #startRecorder(): void {
    const host = new Host(this.timeline)
    const { clock } = host
    const board = {
      announcements: (prefix = '') => this.#board.of(prefix),
      announce: (key: string, body: unknown) => {
        const { promise, resolve } = Promise.withResolvers<void>()
        const kept = structuredClone(body)
        host.after(this.timeline.delayMs(KEPT_MS_MAX), () => {
          this.#board.set(key, kept)
          resolve()
        })
        return promise
      },
    }
    const hosts = new RestHosts({
      ...{ timings: SIMULATED_TIMINGS, kept: new KeptPauses(board, clock), clock },
      fetch: ((url: string, init: RequestInit) => this.rest.fetch(url, init, recorder)) as typeof fetch,
    })
    const subscription = { venue: { name: this.#shape, repair: REPAIRERS[this.#shape] }, rest: ADDRESS }
    const recorder: Recorder = {
      host,
      killedMs: Number.POSITIVE_INFINITY,
      buffer: undefined,
      repairs: new Repairs({
        ...{ hosts, clock, timings: SIMULATED_TIMINGS, reachMs: REACH_MS, emit: () => {} },
        receiver: {
          paused: false,
          trade: draft => this.#buffer(recorder, TRADES, columns => columns.add(draft)),
          repair: repair => this.#bufferRepair(recorder, repair),
        },
        listed: () => this.#board.of('gaps ').map(({ body }) => body),
        subscriptions: () => [subscription as unknown as Subscription],
        ownership: () => () => true,
        random: () => this.timeline.random.uniform(),
      }),
    }
    this.#recorder = recorder
  }

  #killRecorder(): void {
    if (!this.#recorder || this.healed) return
    tried(this.#tally, 'recorder killed')
    this.#recorder.killedMs = this.timeline.nowMs
    this.#recorder.host.alive = false
    this.#recorder = undefined
    this.timeline.after(this.timeline.random.uniform() * RESTART_MS_MAX, () => {
      if (!this.#recorder) this.#startRecorder()
    })
  }

  #receive({ symbol, id, micros, price, volume, side }: IssuedTrade): void {
    const recorder = this.#recorder
    if (!recorder) return
    this.#buffer(recorder, TRADES, columns =>
      columns.add({
        ...{ venue: this.#shape, symbol, tradeId: id, price: Number(price), volume: Number(volume), side },
        ...{ timestampMicros: micros, timestampNanos: 0, receivedAtMicros: recorder.host.clock.nowMicros() },
        origin: ORIGIN.live,
      } as TradeDraft),
    )
  }

  #bufferRepair(recorder: Recorder, repair: Repair): void {
    this.#flush(recorder)
    const columns = new RepairColumns(1)
    columns.add(repair)
    recorder.buffer = { kind: REPAIRS as Kind, columns }
    this.#flush(recorder)
  }

  #buffer(recorder: Recorder, kind: Kind<TradeColumns>, add: (columns: TradeColumns) => void): void {
    if (!recorder.buffer) {
      recorder.buffer = { kind: kind as Kind, columns: new TradeColumns(BUFFER_TRADES) }
      recorder.host.after(this.timeline.random.uniform() * FLUSH_MS_MAX, () => this.#flush(recorder))
    }
    add(recorder.buffer.columns as TradeColumns)
    if (recorder.buffer.columns.length === BUFFER_TRADES) this.#flush(recorder)
  }

  #flush(recorder: Recorder): void {
    const { buffer } = recorder
    if (!buffer) return
    recorder.buffer = undefined
    const { kind, columns } = buffer
    const record = kind.encode(columns)
    this.#trace.update(`${this.timeline.nowMs} ${kind.name} `).update(record.payload)
    this.#broker.append(0, { kind, record, ticks: [] }, Math.floor(recorder.host.clock.nowMicros() / 1000))
  }

  #startIngest(): void {
    const host = new Host(this.timeline)
    const log = new SimulatedLog(this.#broker, host)
    const store = new SimulatedStore(this.server, host)
    const venues: KnownVenues = new Map([[this.#shape, 'dense']])
    const holding = new Assignment({
      ...{ log, store, checkpoint: new Checkpoint(store, host.clock, KINDS), kinds: KINDS, venues },
      ...{ limits: { ticksMax: 50, bytesMax: 1e6, ageMsMax: 100 }, clock: host.clock, onStored: () => {} },
      emit: (event, fields) => {
        if (event === 'ingest_failed') this.broken = `ingest failed: ${JSON.stringify(fields)}`
      },
      crashed: error => {
        if (!(error instanceof TickhouseError)) this.broken = String((error as Error).stack ?? error)
      },
    })
    holding.onAssigned(0)
    const announce = () => {
      const [ingest] = holding.partitions
      if (ingest?.mode === 'running') this.#board.set('gaps 0', listOf(ingest.ids.openGaps()))
      host.after(2_000, announce)
    }
    host.after(2_000, announce)
    this.#begun.push(holding)
    this.#ingest = { host, holding }
  }

  #killIngest(): void {
    if (!this.#ingest || this.healed) return
    tried(this.#tally, 'ingest killed')
    this.#ingest.host.alive = false
    this.#ingest = undefined
    this.server.end(() => true)
    this.timeline.after(this.timeline.random.uniform() * RESTART_MS_MAX, () => {
      if (!this.#ingest) this.#startIngest()
    })
  }
}
