/** The faults of a venue's file of a day that show in the file itself: files with missing ids and a matching checksum have been published. */
import type { BadLine, FileRows } from './file-rows.ts'
import { type CountedIds, IdRanges } from './id-ranges.ts'

export const EXAMPLES_MAX = 20
const MILLISECONDS = { from: 1e12, below: 1e13 }
const MICROSECONDS = { from: 1e15, below: 1e16 }

export type TimeUnit = 'ms' | 'µs'

export interface FileFacts {
  /** Rows with an id that no row before has. */
  rows: number
  first: number
  last: number
  /** Times of the first and the last row, µs since 1970 UTC. */
  firstMicros: number
  lastMicros: number
  /** Ids between the file's first and last that it lacks. */
  fileMissing: CountedIds
  /** Rows whose id is not above that of the row before. */
  repeated: CountedIds
  badLines: { lines: number; first: BadLine[] }
  /** Rows with times of another unit than documented, and of another day. */
  otherUnit: number
  otherDay: number
}

export const newFacts = () => ({
  ...{ rows: 0, first: 0, last: 0, firstMicros: 0, lastMicros: 0, otherUnit: 0, otherDay: 0 },
  ...{ fileMissing: new IdRanges(), repeated: new IdRanges() },
  badLines: { lines: 0, first: [] as BadLine[] },
})

/** Whether each line is a row of this day, in the order of its ids. Ids may be missing. */
export const isReadable = ({ rows, repeated, badLines, otherUnit, otherDay }: FileFacts): boolean =>
  rows > 0 && repeated.ids + badLines.lines + otherUnit + otherDay === 0

/** Whether the file is whole by itself, as far as it shows. */
export const isWhole = (facts: FileFacts): boolean => isReadable(facts) && facts.fileMissing.ids === 0

export class FileCheck {
  readonly facts: ReturnType<typeof newFacts>
  readonly #unit: TimeUnit
  readonly #day: readonly [from: number, until: number]

  /** `unit`: that of the day's times by the venue's document; `day` in µs since 1970 UTC. The counts go into `facts`. */
  constructor(facts: ReturnType<typeof newFacts>, unit: TimeUnit, day: readonly [from: number, until: number]) {
    this.facts = facts
    this.#unit = unit
    this.#day = day
  }

  bad(line: BadLine): void {
    const { badLines } = this.facts
    badLines.lines++
    if (badLines.first.length < EXAMPLES_MAX) badLines.first.push(line)
  }

  /** Makes times µs, whatever unit the file has, and keeps the rows whose ids rise; returns the earliest and the latest time. */
  add(rows: FileRows): [from: number, until: number] {
    const times = this.#readTimes(rows)
    this.#dropRepeats(rows)
    return times
  }

  #readTimes(rows: FileRows): [number, number] {
    const { facts } = this
    let [from, until] = [Number.POSITIVE_INFINITY, 0]
    for (let row = 0; row < rows.length; row++) {
      const time = rows.time[row]!
      const isMs = time >= MILLISECONDS.from && time < MILLISECONDS.below
      const isMicros = time >= MICROSECONDS.from && time < MICROSECONDS.below
      const micros = isMs ? time * 1000 : time
      if (isMs !== (this.#unit === 'ms') || !(isMs || isMicros)) facts.otherUnit++
      if (micros < this.#day[0] || micros >= this.#day[1]) facts.otherDay++
      rows.time[row] = micros
      if (micros < from) from = micros
      if (micros > until) until = micros
    }
    return [from, until]
  }

  #dropRepeats(rows: FileRows): void {
    const { facts } = this
    let kept = 0
    for (let row = 0; row < rows.length; row++) {
      const id = rows.id[row]!
      if (facts.rows > 0 && id <= facts.last) {
        facts.repeated.add(id)
        continue
      }
      if (facts.rows === 0) Object.assign(facts, { first: id, firstMicros: rows.time[row] })
      else if (id > facts.last + 1) facts.fileMissing.add(facts.last + 1, id - 1)
      facts.last = id
      facts.lastMicros = rows.time[row]!
      facts.rows++
      for (const column of [rows.id, rows.price, rows.volume, rows.time, rows.side]) column[kept] = column[row]!
      kept++
    }
    rows.length = kept
  }
}
