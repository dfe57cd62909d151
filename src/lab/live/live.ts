/**
 * A portfolio on live ticks. In steps: what was stored since the last step is a cut of the log; the cut is written, then its ticks
 * are played, then their results are written. All results follow from the cuts: a run that was killed is played again up to its last
 * cut and goes on, and `tickhouse lab verify` compares what it wrote with what its cuts give.
 */
import type { RunQuery } from '../../replay/range.ts'
import type { Engine } from '../engine/engine.ts'
import { type Instrument, nameOf, numberOf } from '../market/instrument.ts'
import type { ReadPortfolio } from '../portfolio/read.ts'
import type { Recorded } from '../results/recorded.ts'
import type { RowWriter } from '../results/row-writer.ts'
import { setUp, symbolsOf } from '../run/set-up.ts'
import { readFunding } from '../stored/funding.ts'
import { instrumentOf, readInstruments } from '../stored/instruments.ts'
import { readTapeChanges } from '../stored/tape-changes.ts'
import { type Cut, cutRows, type RunSetUp, readCuts, readSetUp } from './cuts.ts'
import { quotedLately, Slices } from './slices.ts'

export interface LiveOptions {
  run: string
  portfolio: ReadPortfolio
  runQuery: RunQuery
  /** By partition: records below are stored. Undefined while that is not known. */
  storedOffsets: () => Promise<ReadonlyMap<number, number> | undefined>
  writer: RowWriter
  /** When the kill switch was set, µs since 1970 UTC; 0 if it is not. Throws TickhouseErrors: no step is made then. */
  killSetAtMicros?: () => Promise<number>
  /** µs since 1970 UTC. */
  nowMicros: () => number
}

/** The engine's time follows ours by so much where no ticks come: later ones are rarely received before. */
const SETTLE_MICROS = 2_000_000
/** A run that is to end waits so long for the quotes that close its positions. */
const CLOSE_MICROS_MAX = 60_000_000
/** Cuts that are read by one query. */
const CUTS_MAX = 3_600

export class Live {
  readonly engine: Engine
  readonly recorded: readonly Recorded[]
  readonly instruments: readonly Instrument[]
  /** Number of the next cut. */
  next = 0
  /** The kill switch was seen: every strategy is off until a new run. */
  killed = false
  readonly #options: LiveOptions
  readonly #slices: Slices
  readonly #setUp: RunSetUp
  #offsets = new Map<number, number>()
  #gapsFromMicros = 0
  /** Payments before are made. */
  #fundedUntilMicros = 0
  /** When the request to end the run was seen. */
  #stoppedMicros = 0

  /** A run that goes on, if it has cuts, or a new one. Nothing is played or written yet. */
  static async open(options: LiveOptions): Promise<Live> {
    const { runQuery, run, portfolio } = options
    const known = await readSetUp(runQuery, run)
    if (known) return new Live(options, known)
    const instruments = await readInstruments(runQuery, symbolsOf(portfolio), portfolio.portfolio)
    const sizes = instruments.map(each => ({
      name: nameOf(each),
      tick: numberOf(each.tick, each.priceDecimals),
      lot: numberOf(each.lot, each.quantityDecimals),
      size: numberOf(each.size, each.sizeDecimals),
      isInverse: each.isInverse,
    }))
    return new Live(options, { instruments: sizes, quoted: await quotedLately(runQuery, instruments) })
  }

  private constructor(options: LiveOptions, of: RunSetUp) {
    const { run, portfolio, runQuery, writer } = options
    this.#options = options
    this.#setUp = of
    this.instruments = of.instruments.map(({ name, tick, lot, ...contract }, index) => {
      return instrumentOf(index, name, tick, lot, contract)
    })
    const add = writer.add.bind(writer)
    const { engine, recorded } = setUp(run, portfolio, this.instruments, new Set(of.quoted), add)
    this.engine = engine
    this.recorded = recorded
    this.#slices = new Slices(runQuery, run, this.instruments)
  }

  /** Plays all cuts that are written. True if the run has ended with the last of them. */
  async replay(onCut: (cut: Cut) => void = () => {}): Promise<boolean> {
    const { runQuery, run, writer } = this.#options
    let ended = false
    for (;;) {
      const cuts = await readCuts(runQuery, run, this.next, CUTS_MAX)
      if (cuts.length === 0) return ended
      await this.#slices.play(this.engine, this.#begun(cuts), async cut => {
        this.#finish(cut)
        onCut(cut)
        if (writer.isFull) await writer.flush()
      })
      ended = cuts.at(-1)!.ends
    }
  }

  /** Writes the first cut: where a new run begins. False while it is not known how far the log is stored. */
  async begin(): Promise<boolean> {
    const offsets = await this.#options.storedOffsets()
    if (!offsets) return false
    const ranges = new Map([...offsets].map(([partition, offset]) => [partition, [offset, offset] as const]))
    const cut = {
      number: 0,
      ranges,
      advancedToMicros: this.#options.nowMicros(),
      changes: [],
      funding: [],
      killedMicros: 0,
      stoppedMicros: 0,
      ends: false,
    }
    await this.#write(cut, this.#setUp)
    for (const each of this.#begun([cut])) this.#finish(each)
    return true
  }

  /**
   * The next cut: everything stored since the last. With `isEnding` all positions are closed by the next quotes. True if the run has
   * ended: all are closed, or could not be for a minute.
   */
  async step(isEnding: boolean): Promise<boolean> {
    if (this.next === 0) {
      await this.begin()
      return false
    }
    const ends = this.#isClosed()
    // Its time is an input, as ticks are: it cannot be found again later.
    const killedMicros = this.killed ? 0 : await this.#killedMicros()
    const stoppedMicros = isEnding && this.#stoppedMicros === 0 ? this.#options.nowMicros() : 0
    const offsets = (await this.#options.storedOffsets()) ?? this.#offsets
    const ranges = new Map<number, readonly [number, number]>()
    for (const [partition, until] of offsets) {
      const from = this.#offsets.get(partition) ?? until
      if (until > from || !this.#offsets.has(partition)) ranges.set(partition, [from, until])
    }
    const changes = await this.#gaps()
    const advancedToMicros = Math.max(this.engine.nowMicros, this.#options.nowMicros() - SETTLE_MICROS)
    const { runQuery } = this.#options
    const funding = await readFunding(runQuery, this.instruments, this.#fundedUntilMicros, advancedToMicros, 'marks')
    const cut = { number: this.next, ranges, advancedToMicros, changes, funding, killedMicros, stoppedMicros, ends }
    await this.#write(cut)
    await this.#slices.play(this.engine, [cut], async played => this.#finish(played))
    return ends
  }

  /** When the kill switch was set: what is played already cannot be changed, and no clock but ours may delay it. 0 if it is not set. */
  async #killedMicros(): Promise<number> {
    const setAt = (await this.#options.killSetAtMicros?.()) ?? 0
    return setAt === 0 ? 0 : Math.max(this.engine.nowMicros, Math.min(setAt, this.#options.nowMicros()))
  }

  /** Whether a run that is to end can end. */
  #isClosed(): boolean {
    const stopped = this.#stoppedMicros
    if (stopped === 0 || this.engine.nowMicros < stopped) return false
    return this.engine.isFlat || this.#options.nowMicros() - stopped > CLOSE_MICROS_MAX
  }

  /** Gaps that were found since the last step: from now on, since what is over cannot be changed. */
  async #gaps() {
    const { runQuery, portfolio } = this.#options
    const { gap_hold_seconds: hold } = portfolio.portfolio
    const from = this.#gapsFromMicros
    const changes = await readTapeChanges(runQuery, this.instruments, from, Number.MAX_SAFE_INTEGER, hold)
    const found = changes.filter(({ isGap }) => isGap).map(({ timeMicros }) => timeMicros)
    if (found.length > 0) this.#gapsFromMicros = Math.max(...found) + 1
    return changes
  }

  async #write(cut: Cut, of?: RunSetUp): Promise<void> {
    const { writer, run, nowMicros } = this.#options
    for (const row of cutRows(run, cut, nowMicros(), of)) writer.add('lab_cuts', row)
    await writer.flush()
  }

  /** Starts the engine at cut 0, which has no ticks; returns the others. */
  #begun(cuts: readonly Cut[]): readonly Cut[] {
    const [first] = cuts
    if (first?.number !== 0) return cuts
    this.engine.start(first.advancedToMicros)
    this.#gapsFromMicros = first.advancedToMicros
    return cuts
  }

  #finish(cut: Cut): void {
    for (const [partition, [, until]] of cut.ranges) if (until > 0) this.#offsets.set(partition, until)
    for (const { timeMicros, isGap } of cut.changes)
      if (isGap) this.#gapsFromMicros = Math.max(this.#gapsFromMicros, timeMicros + 1)
    this.#fundedUntilMicros = cut.advancedToMicros
    this.next = cut.number + 1
    if (cut.killedMicros > 0) this.killed = true
    if (cut.stoppedMicros > 0) this.#stoppedMicros = cut.stoppedMicros
    if (cut.ends) this.engine.end(this.engine.nowMicros)
  }
}
