/** A gap: a range of trade ids that never reached the log, and why those that stay missing do. Pure. */
import { countIds, type IdRange, joined, within, without } from '../../tick/repairs/id-ranges.ts'
import type { OpenGap } from '../../tick/repairs/open-gaps.ts'
import type { Outcome } from '../../tick/repairs/repairs.ts'

/** Why ids stay missing: see src/tick/repairs/repairs.ts. */
export interface ExplainedIds extends IdRange {
  outcome: Outcome
  reason: string
}

/** A gap in a run of a symbol's ids; `missing` are its ids that have not arrived since. */
export interface Gap extends IdRange {
  venue: string
  symbol: string
  /** The run of ids it is in: see IdRun. */
  run: number
  missing: IdRange[]
  /** Of ids that the venue does not supply or that a person accepted. Absent before the first. */
  explained?: ExplainedIds[] | undefined
  /** Set once nothing of it is unexplained, which stays so: `missing` only shrinks. */
  closed?: true
  foundAtMicros: number
  /** The venue's time of the trades before and after it, µs since 1970 UTC; infinite if not known. */
  afterMicros: number
  beforeMicros: number
  /** Whether it has a row in table `gaps`. */
  recorded: boolean
}

/** As in column `state` of table `gaps`. */
export type GapState = 'open' | 'repaired' | Outcome

export const SKIPPED = 'trade ids skipped'

interface Ids {
  missing: readonly IdRange[]
  explained?: readonly ExplainedIds[] | undefined
}

/** Its missing ids that nothing explains. */
export function unexplained({ missing, explained }: Ids): readonly IdRange[] {
  return explained ? without(missing, joined(explained)) : missing
}

/** Whether trades of it may still be supplied. */
export function isOpen(gap: Ids): boolean {
  return gap.missing.length > 0 && (!gap.explained || unexplained(gap).length > 0)
}

/** Those that are open. Thousands that a venue does not supply cost nothing each time. */
export function openOf(gaps: readonly Gap[]): Gap[] {
  return gaps.filter(gap => {
    if (gap.closed) return false
    if (isOpen(gap)) return true
    gap.closed = true
    return false
  })
}

/** Its state, and why: `accepted` if a person accepted all that is missing, `unrepairable` if the venue does not supply all of it. */
export function stateOf(gap: Ids): { state: GapState; reason: string } {
  if (gap.missing.length === 0) return { state: 'repaired', reason: SKIPPED }
  if (isOpen(gap)) return { state: 'open', reason: SKIPPED }
  const reasonOf = (outcome: Outcome) =>
    gap.explained!.findLast(
      one => one.outcome === outcome && gap.missing.some(range => within([range], one).length > 0),
    )?.reason
  const accepted = joined(gap.explained!.filter(({ outcome }) => outcome === 'accepted'))
  const state = without(gap.missing, accepted).length === 0 ? 'accepted' : 'unrepairable'
  return { state, reason: reasonOf(state) ?? SKIPPED }
}

/** Ranges of one gap that are listed for recorders, the newest. */
const LISTED_RANGES_MAX = 500

const timeOrNull = (micros: number): number | null => (Number.isFinite(micros) ? micros : null)

/** As listed for the recorders. */
export function listedGap(gap: Gap): OpenGap {
  const { venue, symbol, run, foundAtMicros, afterMicros, beforeMicros } = gap
  const missing = unexplained(gap).slice(-LISTED_RANGES_MAX)
  return {
    ...{ venue, symbol, run, foundAtMicros },
    missing: missing.map(({ first, last }) => [first, last] as const),
    ...{ afterMicros: timeOrNull(afterMicros), beforeMicros: timeOrNull(beforeMicros) },
  }
}

export const missingIds = (gap: Gap): number => countIds(unexplained(gap))

/** What is missing of a gap when these ids of its range are there. `present` rises. */
export function missingOf(gap: IdRange, present: Iterable<number>): IdRange[] {
  const missing: IdRange[] = []
  let next = gap.first
  for (const id of present) {
    if (id > next) missing.push({ first: next, last: id - 1 })
    next = id + 1
  }
  if (next <= gap.last) missing.push({ first: next, last: gap.last })
  return missing
}
