/** Follows dense trade ids, which a venue numbers one by one per symbol: a gap is a range of trades that never reached the log. Pure. */
import type { IdRange } from '../../tick/repairs/id-ranges.ts'
import { type Gap, note, type StatedIds } from '../gaps/gap.ts'

/** A run as stored in the tables. Times are the venue's, µs since 1970 UTC: of its earliest and of its latest trade. */
export interface SeenRun extends IdRange {
  run: number
  trades: number
  firstMicros: number
  newestMicros: number
}

/** The id of a trade that was refused for its values, and its time; NaN if the time is the reason. */
export interface RefusedId {
  run: number
  id: number
  micros: number
}

/** The symbol, a callback for each gap that opens, shrinks or closes, and our clock. */
export interface RunContext {
  venue: string
  symbol: string
  changed: (gap: Gap) => void
  nowMicros: () => number
}

/** Open gaps in memory per run. Beyond, a new gap is still recorded, but late trades do not fill it. */
const OPEN_GAPS_PER_RUN_MAX = 10_000
/** Refused ids in memory per run. Beyond, a valid trade with an older one of them is stored in a run of its own. */
export const REFUSED_IDS_PER_RUN_MAX = 10_000

/**
 * How many ids may be missing between two trades of a run: a million, or ten thousand for each second between their times (the busiest
 * symbols of any venue trade a few thousand times a second at their peak). Ids farther away belong to another run.
 */
const JUMP_IDS_MAX = 1_000_000
const IDS_PER_SECOND_MAX = 10_000

/** Ids may rise while times step back by this much. */
const DISORDER_MICROS_MAX = 1_000_000

export const isPlausibleJump = (ids: number, micros: number): boolean =>
  ids <= Math.max(JUMP_IDS_MAX, (micros / 1e6) * IDS_PER_SECOND_MAX)

/**
 * A run of a symbol's ids: they rise with time, and all from `first` to `last` were seen, but for those missing in the open gaps. A
 * symbol has one run, until its venue's ids do not go on where they were; runs are numbered from 0.
 */
export class IdRun {
  readonly number: number
  first: number
  last: number
  /** The venue's time of its earliest trade, µs since 1970 UTC. */
  firstMicros: number
  newestMicros: number
  /** That of the trade with the last id. */
  lastMicros: number
  trades: number
  readonly gaps: Gap[]
  /** Gaps that reach beyond the ids seen: found by a batch that never arrived. Read again, it finds them again. */
  #beyond: Gap[]
  /** Gaps above the last id: announced by a venue, or found by such a batch, in rising order. */
  #announced: Gap[]
  /** Ids of trades refused for their values, and their times: neither missing nor stored. */
  readonly #refused: Map<number, number>
  /** The time of the last id before the last one. */
  #formerMicros: number
  readonly #context: RunContext

  /** `gaps` and `refused` are as stored in the tables. */
  constructor(context: RunContext, seen: SeenRun, gaps: Gap[], refused: Iterable<RefusedId> = []) {
    this.#context = context
    this.number = seen.run
    this.first = seen.first
    this.last = seen.last
    this.firstMicros = seen.firstMicros
    this.newestMicros = seen.newestMicros
    this.trades = seen.trades
    this.gaps = gaps
    this.#refused = new Map()
    for (const { id, micros } of refused) {
      this.first = Math.min(this.first, id)
      this.last = Math.max(this.last, id)
      this.#refused.set(id, Number.isNaN(micros) ? this.newestMicros : micros)
      if (micros > this.newestMicros) this.newestMicros = micros
    }
    this.lastMicros = this.newestMicros
    this.#formerMicros = this.newestMicros
    this.#beyond = gaps.filter(gap => gap.first < this.first || gap.last > this.last)
    this.#announced = gaps.filter(gap => gap.first > this.last)
    // A run that begins with this id.
    if (seen.first === seen.last) this.#fillBeyond(seen.first)
  }

  /** Whether no gap reaches beyond its ids, so that the next id only needs counting. */
  get plain(): boolean {
    return this.#beyond.length === 0
  }

  /** Adds the next id. The run must be `plain`. */
  advance(micros: number): void {
    this.last++
    this.trades++
    this.#formerMicros = this.lastMicros
    this.lastMicros = micros
    if (micros > this.newestMicros) this.newestMicros = micros
  }

  /** Whether a trade of this time may have an id above the last one. */
  goesOnAt(micros: number): boolean {
    return micros >= this.lastMicros - DISORDER_MICROS_MAX
  }

  /** Whether this id is stored in this run. */
  holds(id: number): boolean {
    return id >= this.first && id <= this.last && !this.#refused.has(id) && !this.#isMissing(id)
  }

  /** Takes a trade whose id is missing, or came with a refused trade; false if it is neither, or its time is not of that place. */
  fill(id: number, micros: number): boolean {
    if (id < this.first || id > this.last) return false
    const refusedMicros = this.#refused.get(id)
    const wasRefused = refusedMicros !== undefined && Math.abs(micros - refusedMicros) <= DISORDER_MICROS_MAX
    if (!this.#take(id, this.#gapsAt(micros)) && !wasRefused) return false
    this.#refused.delete(id)
    this.trades++
    return true
  }

  /** Distance of an id outside this run, if its distance and time allow it to extend the run; undefined if not. */
  distance(id: number, micros: number): number | undefined {
    if (id > this.last) {
      const ids = id - this.last
      return this.goesOnAt(micros) && isPlausibleJump(ids, micros - this.lastMicros) ? ids : undefined
    }
    if (id >= this.first || micros > Math.min(this.newestMicros, this.firstMicros + DISORDER_MICROS_MAX))
      return undefined
    return isPlausibleJump(this.first - id, this.firstMicros - micros) ? this.first - id : undefined
  }

  /** Whether the next id may have this time. A venue's clock may be set back, but a time before all others is of another run. */
  takesNextAt(micros: number): boolean {
    return micros >= this.firstMicros - DISORDER_MICROS_MAX
  }

  /** Whether an id above the last one may have an earlier time: the next id, or if only the last trade's clock was ahead. */
  goesOnBefore(id: number, micros: number): boolean {
    if (id === this.last + 1) return this.takesNextAt(micros)
    return micros >= this.#formerMicros - DISORDER_MICROS_MAX && isPlausibleJump(id - this.last, 0) && id > this.last
  }

  /** Adds an id above or below all others; the ids between are a gap. */
  extend(id: number, micros: number): void {
    if (id > this.last) {
      if (id > this.last + 1) this.#open(this.last + 1, id - 1, this.lastMicros, micros)
      this.last = id
      this.#formerMicros = this.lastMicros
      this.lastMicros = micros
    } else {
      if (id < this.first - 1) this.#open(id + 1, this.first - 1, micros, this.firstMicros)
      this.first = id
    }
    this.trades++
    if (micros > this.newestMicros) this.newestMicros = micros
    if (micros < this.firstMicros) this.firstMicros = micros
    this.#fillBeyond(id)
  }

  /** Takes the id of a trade that was refused for its values: it arrived, so it is not missing. False if it is not of this run. */
  refuse(id: number, micros: number): boolean {
    if (this.holds(id) || this.#refused.has(id)) return false
    if (id >= this.first && id <= this.last) {
      if (!this.#take(id, this.#gapsAt(micros))) return false
    } else {
      if (this.distance(id, micros) === undefined && !this.goesOnBefore(id, micros)) return false
      this.extend(id, micros)
    }
    this.trades--
    if (this.#refused.size < REFUSED_IDS_PER_RUN_MAX) this.#refused.set(id, micros)
    return true
  }

  /** Notes why ids of gaps stay missing, or that they are requested again. A trade that arrives all the same fills its gap. */
  explain(ids: StatedIds): void {
    for (const gap of this.gaps) {
      if (ids.first > gap.last || ids.last < gap.first) continue
      note(gap, ids)
      this.#context.changed(gap)
    }
  }

  /** Opens a gap for ids that the venue announced and never sent, if they are above the last id. */
  announce(first: number, last: number): void {
    const known = Math.max(this.last, ...this.gaps.filter(gap => gap.last > this.last).map(gap => gap.last))
    const from = Math.max(first, known + 1)
    if (from > last || !isPlausibleJump(last - this.last, 0)) return
    const gap = this.#openOne(from, last, { afterMicros: this.lastMicros, beforeMicros: Number.POSITIVE_INFINITY })
    this.#announced.push(gap)
    this.#beyond.push(gap)
  }

  /** The gaps that trades of this time may be missing in. */
  #gapsAt(micros: number): Gap[] {
    return this.gaps.filter(
      gap =>
        micros <= this.newestMicros &&
        micros <= gap.beforeMicros + DISORDER_MICROS_MAX &&
        micros >= gap.afterMicros - DISORDER_MICROS_MAX,
    )
  }

  #isMissing(id: number): boolean {
    return this.gaps.some(gap => gap.missing.some(range => id >= range.first && id <= range.last))
  }

  #open(first: number, last: number, afterMicros: number, beforeMicros: number): void {
    const between = {
      afterMicros: Math.min(afterMicros, beforeMicros),
      beforeMicros: Math.max(afterMicros, beforeMicros),
    }
    const known = this.#beyond.find(gap => gap.first === first && gap.last === last)
    if (known) {
      Object.assign(known, between)
      return
    }
    let from = first
    for (const gap of this.#announced) {
      if (gap.last < from || gap.first > last) continue
      if (gap.last <= last) Object.assign(gap, between)
      if (gap.first > from) this.#openOne(from, gap.first - 1, between)
      from = gap.last + 1
    }
    if (from <= last) this.#openOne(from, last, between)
  }

  #openOne(first: number, last: number, between: Pick<Gap, 'afterMicros' | 'beforeMicros'>): Gap {
    const { venue, symbol, nowMicros, changed } = this.#context
    const gap: Gap = {
      venue,
      symbol,
      run: this.number,
      first,
      last,
      missing: [{ first, last }],
      foundAtMicros: nowMicros(),
      ...between,
      recorded: false,
    }
    if (this.gaps.length < OPEN_GAPS_PER_RUN_MAX) this.gaps.push(gap)
    changed(gap)
    return gap
  }

  /** Takes a new id out of the gaps it was missing in before it was known to be there, and lets go of those that are reached. */
  #fillBeyond(id: number): void {
    this.#take(id, this.#beyond)
    this.#beyond = this.#beyond.filter(
      gap => gap.missing.length > 0 && (gap.first < this.first || gap.last > this.last),
    )
    if (this.#announced.length > 0) this.#announced = this.#announced.filter(gap => gap.last > this.last)
  }

  /**
   * Takes the id out of each gap that misses it; false if none does. Gaps overlap where records were lost: one was found by a
   * batch that never arrived, another by the records after it.
   */
  #take(id: number, gaps: readonly Gap[]): boolean {
    let filled = false
    for (const gap of [...gaps]) {
      const at = gap.missing.findIndex(range => id >= range.first && id <= range.last)
      if (at < 0) continue
      const { first, last } = gap.missing[at]!
      const rest: IdRange[] = []
      if (first < id) rest.push({ first, last: id - 1 })
      if (id < last) rest.push({ first: id + 1, last })
      gap.missing.splice(at, 1, ...rest)
      if (gap.missing.length === 0) this.gaps.splice(this.gaps.indexOf(gap), 1)
      this.#context.changed(gap)
      filled = true
    }
    return filled
  }
}
