/** Follows the dense trade ids of one symbol in runs. Pure. */
import { readMicros } from '../../tick/time.ts'
import type { TradeColumns } from '../../tick/trades.ts'
import { type Gap, openOf, type StatedIds } from '../gaps/gap.ts'
import { IdRun, type SeenRun } from './continuity.ts'
import {
  CONFLICT,
  type FollowedIds,
  type KnownIds,
  NOTHING_KNOWN,
  REPEAT,
  type RunOrRefusal,
  type SymbolContext,
} from './followed-ids.ts'
import { IdWindow } from './id-window.ts'
import { type ComparedTrade, MATCH, type Match } from './recent-trades.ts'
import { UniqueIds } from './unique-ids.ts'

const WORD = 2 ** 32
/** Ids from 2^53 up are not counters: only repeats are detected. */
const COUNTER_HIGH_WORD_MAX = 2 ** 21
const RECENT_MAX = 512
/**
 * Trades in memory of a symbol whose repeats come later than that: a second recorder that is behind by many trades would need a lookup for
 * each of its records.
 */
const RECENT_WIDE_MAX = 16_384
/** Runs per symbol. Beyond, a trade that fits none of them is refused. */
const RUNS_MAX = 256
/** A jump of at most this many ids stays in the current run, whatever other runs are near. */
const NEAR_IDS_MAX = 1_000

export class SymbolIds implements FollowedIds {
  readonly runs: IdRun[]
  readonly #context: SymbolContext
  readonly #known: KnownIds
  readonly #recent = new IdWindow(RECENT_MAX)
  /** The run extended last; a late trade that fills a gap of another does not change it. */
  #current: IdRun | undefined
  #large: UniqueIds | undefined

  constructor(context: SymbolContext, known: KnownIds = NOTHING_KNOWN) {
    this.#context = context
    this.#known = known
    this.runs = known.runs.map(seen => this.#open(seen))
    for (const run of this.runs) if (run.newestMicros >= (this.#current?.newestMicros ?? 0)) this.#current = run
    if (known.uniqueNewestMicros !== undefined) this.#large = new UniqueIds(context, known.uniqueNewestMicros)
  }

  get run(): number {
    return this.#current!.number
  }

  get openGaps(): readonly Gap[] {
    return this.runs.length === 1 ? openOf(this.runs[0]!.gaps) : openOf(this.runs.flatMap(run => run.gaps))
  }

  follow(trades: TradeColumns, row: number): boolean {
    const run = this.#current
    const id = idOf(trades, row)
    if (run === undefined || id !== run.last + 1 || !run.plain) return false
    const micros = readMicros(trades.timestampWords, row)
    if (!run.takesNextAt(micros)) return false
    if (this.runs.length > 1 && (!run.goesOnAt(micros) || this.#mayBeStored(id, micros))) return false
    run.advance(micros)
    this.#recent.add(trades, row)
    return true
  }

  needsLookup(trades: TradeColumns, row: number): boolean {
    const id = idOf(trades, row)
    if (id === undefined) return this.#large?.needsLookup(trades, row) ?? false
    const micros = readMicros(trades.timestampWords, row)
    if (!this.#mayBeStored(id, micros) && !this.#mayBeGone(id, micros)) return false
    return this.#recent.match(trades, row) < MATCH.conflict
  }

  repeats(trades: TradeColumns, row: number): boolean {
    const id = idOf(trades, row)
    if (id === undefined) return this.#large?.repeats(trades, row) ?? false
    if (!this.#recent.has(trades, row)) return false
    this.#keepRepeatsOf(id)
    return true
  }

  expectRepeats(id: bigint): void {
    this.#keepRepeatsOf(Number(id))
  }

  recall(trades: TradeColumns, row: number): void {
    if (idOf(trades, row) !== undefined) this.#recent.recall(trades, row)
  }

  match(trades: TradeColumns, row: number): Match {
    return idOf(trades, row) === undefined
      ? (this.#large?.match(trades, row) ?? MATCH.none)
      : this.#recent.match(trades, row)
  }

  knownTrades(trades: TradeColumns, row: number): ComparedTrade[] {
    const recent = idOf(trades, row) === undefined ? this.#large : this.#recent
    return recent?.knownTrades(trades, row) ?? []
  }

  assignRun(trades: TradeColumns, row: number, match: Match): RunOrRefusal {
    const id = idOf(trades, row)
    if (id === undefined) {
      this.#large ??= new UniqueIds(this.#context)
      return this.#large.assignRun(trades, row, match)
    }
    if (match === MATCH.same) {
      // Known by a lookup, or by its own record.
      this.#keepRepeatsOf(id)
      return REPEAT
    }
    if (match === MATCH.conflict) return CONFLICT
    const micros = readMicros(trades.timestampWords, row)
    const run = this.#runOf(id, micros)
    if (run === undefined) return CONFLICT
    this.#recent.add(trades, row)
    return run.number
  }

  /** Ignored before the symbol's first trade. */
  announce(first: number, last: number): void {
    this.#current?.announce(first, last)
  }

  explain(run: number, ids: StatedIds): void {
    this.runs.find(({ number }) => number === run)?.explain(ids)
  }

  refuse(trades: TradeColumns, row: number, timeIsGood: boolean): RunOrRefusal | undefined {
    const id = idOf(trades, row)
    if (id === undefined) return undefined
    const taken = this.#currentFirst().find(run =>
      run.refuse(id, timeIsGood ? readMicros(trades.timestampWords, row) : run.lastMicros),
    )
    return taken?.number
  }

  /** The run that takes this id, which is not known to be a repeat; undefined if there are too many runs. */
  #runOf(id: number, micros: number): IdRun | undefined {
    const current = this.#current
    const runs = this.#currentFirst()
    const filled = runs.find(run => run.fill(id, micros))
    if (filled) return filled
    const [over, alive] = [runs.filter(run => this.#isOver(run)), runs.filter(run => !this.#isOver(run))]
    const goesOn = nearest(alive, id, micros, current) ?? (current?.goesOnBefore(id, micros) ? current : undefined)
    const taken = goesOn ?? nearest(over, id, micros, current)
    if (taken) {
      taken.extend(id, micros)
      this.#current = taken
      return taken
    }
    return this.#begin(id, micros, current?.last ?? Number.NaN)
  }

  /** Keeps twice as many trades in memory as a repeat was late, so that the next, if later, needs no lookup either. */
  #keepRepeatsOf(id: number): void {
    const behind = (this.#current?.last ?? id) - id
    if (behind > 0 && behind < RECENT_WIDE_MAX) this.#recent.widen(Math.min(2 * behind, RECENT_WIDE_MAX))
  }

  /** Whether a run has a trade with this id, and trades of this time. */
  #mayBeStored(id: number, micros: number): boolean {
    return this.runs.some(run => micros <= run.newestMicros && run.holds(id))
  }

  /** Whether a trade with this id, which no run has, may have been dropped from the tables. Not if it is known to be missing. */
  #mayBeGone(id: number, micros: number): boolean {
    const { goneBeforeMicros = Number.NEGATIVE_INFINITY } = this.#context
    return micros < goneBeforeMicros && !this.runs.some(run => id >= run.first && id <= run.last)
  }

  /** The current run, then the others, newest first. */
  #currentFirst(): IdRun[] {
    const current = this.#current
    return current === undefined ? [] : [current, ...this.runs.filter(run => run !== current).reverse()]
  }

  /** A run is over once a later one has more than one trade. */
  #isOver(run: IdRun): boolean {
    return this.runs.some(
      other => other.number > run.number && other.trades > 1 && other.firstMicros >= run.newestMicros,
    )
  }

  #begin(id: number, micros: number, last: number): IdRun | undefined {
    if (this.runs.length >= RUNS_MAX) return undefined
    const number = this.runs.reduce((most, run) => Math.max(most, run.number + 1), 0)
    const run = this.#open({ run: number, first: id, last: id, trades: 1, firstMicros: micros, newestMicros: micros })
    this.runs.push(run)
    this.#current = run
    const { venue, symbol, restarted } = this.#context
    if (this.runs.length > 1) restarted({ venue, symbol, run: number, id, last })
    return run
  }

  #open(seen: SeenRun): IdRun {
    const gaps = this.#known.gaps.filter(gap => gap.run === seen.run)
    const refused = this.#known.refused.filter(({ run }) => run === seen.run)
    return new IdRun(this.#context, seen, gaps, refused)
  }
}

/**
 * The run that goes on with this id: the current one if that has begun to go on and the id is near; one whose next id it is; the one that
 * is nearest. Undefined if it may be of none of them.
 */
function nearest(runs: readonly IdRun[], id: number, micros: number, current: IdRun | undefined): IdRun | undefined {
  const distances = new Map<IdRun, number>()
  for (const run of runs) {
    const distance = run.distance(id, micros)
    if (distance !== undefined) distances.set(run, distance)
  }
  const near = current !== undefined && (distances.get(current) ?? Number.POSITIVE_INFINITY) <= NEAR_IDS_MAX
  if (near && current.trades > 1) return current
  const next = [...distances.keys()].find(run => id === run.last + 1)
  if (next) return next
  if (near) return current
  return [...distances].sort(([, a], [, b]) => a - b)[0]?.[0]
}

function idOf(trades: TradeColumns, row: number): number | undefined {
  const high = trades.tradeIdWords[2 * row + 1]!
  return high >= COUNTER_HIGH_WORD_MAX ? undefined : high * WORD + trades.tradeIdWords[2 * row]!
}
