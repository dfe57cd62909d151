/** When the ids of a file were traded: what distinguishes its trades from those of another run, which have the same ids. Pure. */
import type { FileRows } from '../reconcile/file-rows.ts'
import type { IdRange } from '../tick/repairs/id-ranges.ts'

/** A venue's clock may differ between its feed and its file, and times in ms are rounded down. */
const TOLERANCE_MICROS = 1_000_000
/** Rows of a stretch: the fewer, the closer its times. */
const STRETCH_ROWS = 4_096

/** Consecutive rows: their ids and their times, µs since 1970 UTC. */
interface Stretch extends IdRange {
  from: number
  until: number
}

export class FileTimes {
  readonly #stretches: Stretch[] = []

  /** Rows with ids that rise, from call to call too, and times in µs. */
  add({ length, id, time }: FileRows): void {
    for (let start = 0; start < length; start += STRETCH_ROWS) {
      const end = Math.min(length, start + STRETCH_ROWS)
      const stretch = { first: id[start]!, last: id[end - 1]!, from: Number.POSITIVE_INFINITY, until: 0 }
      for (let row = start; row < end; row++) {
        stretch.from = Math.min(stretch.from, time[row]!)
        stretch.until = Math.max(stretch.until, time[row]!)
      }
      this.#stretches.push(stretch)
    }
  }

  /** Whether a trade with this id and time, µs, may be one of the file; ids that the file lacks are between those beside them. */
  fits(id: number, micros: number): boolean {
    const at = this.#stretches.findIndex(({ last }) => id <= last)
    const after = this.#stretches[at]
    if (!after) return false
    const before = id < after.first ? (this.#stretches[at - 1] ?? after) : after
    return micros >= before.from - TOLERANCE_MICROS && micros <= after.until + TOLERANCE_MICROS
  }
}
