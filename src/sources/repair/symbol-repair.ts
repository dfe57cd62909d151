/**
 * What is missing of one symbol, what to request next, and what an answer contributes. Pure; times are ms of one monotonic
 * clock. Ingest lists what is missing; what was sent to the log is left out until ingest must have stored it.
 */

import { holds, type IdRange, joined, within, without } from '../../tick/repairs/id-ranges.ts'
import type { OpenGap } from '../../tick/repairs/open-gaps.ts'
import type { Repair } from '../../tick/repairs/repairs.ts'
import { SIDE } from '../../tick/trades.ts'
import type { Aggregate, MissingIds, RestTrade } from '../../venues/repair/repairer.ts'

/** A trade's time may step back by this much between two ids: as in ingest. */
const DISORDER_MICROS_MAX = 1_000_000
/** Answers without an id before it counts as not supplied. */
const ABSENT_MAX = 3

export interface SymbolRepairTimings {
  /** From sending a trade to the log until ingest must have stored it. */
  settleMs: number
  /** First wait before ids are requested again that an answer lacked; it doubles. */
  absentMs: number
}

/** What is missing, with the run and the times of its gap. */
interface Hole extends IdRange {
  run: number
  afterMicros: number | null
  beforeMicros: number | null
}

/** Ids that an answer lacked. */
interface Absent extends IdRange {
  times: number
  dueMs: number
}

/** A row about ids that are not supplied, without what the caller knows of the answer. */
export type Unsupplied = Pick<Repair, 'first' | 'last' | 'run' | 'reason' | 'aggregate'>

export class SymbolRepair {
  readonly #timings: SymbolRepairTimings
  #holes: Hole[] = []
  /** On their way to ingest, until then. */
  #sent: (IdRange & { untilMs: number })[] = []
  #absent: Absent[] = []

  constructor(timings: SymbolRepairTimings) {
    this.#timings = timings
  }

  /** Takes over what ingest misses now. Ids of an earlier run would be those of other trades today: see trade-ids.md. */
  update(gaps: readonly OpenGap[]): void {
    const newest = gaps.reduce((run, gap) => Math.max(run, gap.run), 0)
    this.#holes = gaps
      .filter(({ run }) => run === newest)
      .flatMap(({ run, missing, afterMicros, beforeMicros }) =>
        missing.map(([first, last]) => ({ first, last, run, afterMicros, beforeMicros })),
      )
      .sort((a, b) => a.first - b.first)
    const open = joined(this.#holes)
    this.#absent = this.#absent.filter(one => within(open, one).length > 0)
  }

  /** Missing ids that are not on their way. */
  missing(nowMs: number): IdRange[] {
    this.#sent = this.#sent.filter(({ untilMs }) => untilMs > nowMs)
    return without(joined(this.#holes), joined(this.#sent))
  }

  /**
   * What to request next: the newest missing ids, with those before that fit into one answer of `pageIds`; with 0, a gap by
   * itself. Undefined if there is nothing to request now.
   */
  next(symbol: string, pageIds: number, nowMs: number): MissingIds | undefined {
    const waiting = joined(this.#absent.filter(({ dueMs }) => dueMs > nowMs))
    const due = without(this.missing(nowMs), waiting)
    const newest = due.at(-1)
    if (!newest) return undefined
    const floor = pageIds === 0 ? newest.first : newest.last - pageIds + 1
    const first = Math.max(floor, due.find(({ last }) => last >= floor)!.first)
    const hole = this.#holes.findLast(one => one.first <= first)!
    const end = this.#holes.findLast(one => one.first <= newest.last)!
    return {
      ...{ symbol, first, last: newest.last },
      ...{ afterMicros: hole.afterMicros, beforeMicros: end.beforeMicros },
    }
  }

  /** The trades of an answer that are missing, each once; they count as sent. */
  take(trades: readonly RestTrade[], nowMs: number): RestTrade[] {
    const missing = this.missing(nowMs)
    const taken = new Map<number, RestTrade>()
    for (const trade of trades) if (holds(missing, trade.id) && this.#isOfItsPlace(trade)) taken.set(trade.id, trade)
    const rising = [...taken.values()].sort((a, b) => a.id - b.id)
    this.#send(
      rising.map(({ id }) => ({ first: id, last: id })),
      nowMs,
    )
    return rising
  }

  /** Aggregates of an answer that stand for missing ids; these count as sent. */
  takeSums(aggregates: readonly Aggregate[], nowMs: number): Unsupplied[] {
    const taken: Unsupplied[] = []
    for (const aggregate of aggregates) {
      const { first, last, price, volume, side, micros } = aggregate
      const lost = within(this.missing(nowMs), aggregate)
      if (lost.length === 0 || !this.#isOfItsPlace({ id: lost[0]!.first, micros })) continue
      const sum = { price, volume, side: side === SIDE.buy ? ('buy' as const) : ('sell' as const), micros }
      taken.push({ first, last, run: this.#runOf(lost[0]!.first), reason: 'venue gives only the sum', aggregate: sum })
      this.#send(lost, nowMs)
    }
    return taken
  }

  /** An answer for these ids had none of them. Returns those that the last of several answers lacked: they count as sent. */
  absent(ids: IdRange, why: string, nowMs: number): Unsupplied[] {
    const given: Unsupplied[] = []
    for (const range of within(this.missing(nowMs), ids)) {
      const before = this.#absent.flatMap(one => within([range], one).map(part => ({ ...part, times: one.times })))
      const first = without([range], joined(before)).map(part => ({ ...part, times: 0 }))
      this.#absent = this.#absent.flatMap(one => without([one], [range]).map(part => ({ ...one, ...part })))
      for (const { times, ...part } of [...before, ...first]) {
        if (times + 1 === ABSENT_MAX) given.push(...this.cannot(part, why, nowMs))
        else this.#absent.push({ ...part, times: times + 1, dueMs: nowMs + this.#timings.absentMs * 2 ** times })
      }
    }
    return given
  }

  /** The venue does not supply these ids: rows about them, by run; they count as sent. */
  cannot({ first, last }: IdRange, reason: string, nowMs: number): Unsupplied[] {
    const lost = within(this.missing(nowMs), { first, last })
    this.#send(lost, nowMs)
    return lost.map(range => ({ ...range, run: this.#runOf(range.first), reason }))
  }

  #runOf(id: number): number {
    return this.#holes.findLast(({ first }) => first <= id)?.run ?? 0
  }

  /** A venue may use an id again, for another trade: its time is then not between those beside the gap. */
  #isOfItsPlace({ id, micros }: { id: number; micros: number }): boolean {
    const hole = this.#holes.findLast(({ first }) => first <= id)
    if (!hole || id > hole.last) return false
    const { afterMicros, beforeMicros } = hole
    return (
      (afterMicros === null || micros >= afterMicros - DISORDER_MICROS_MAX) &&
      (beforeMicros === null || micros <= beforeMicros + DISORDER_MICROS_MAX)
    )
  }

  #send(ranges: readonly IdRange[], nowMs: number): void {
    const untilMs = nowMs + this.#timings.settleMs
    for (const { first, last } of joined(ranges)) this.#sent.push({ first, last, untilMs })
  }
}
