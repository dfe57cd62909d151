/** A gap: a range of trade ids that never reached the log, and why those that stay missing do. Pure. */
import { countIds, type IdRange, joined, within, without } from '../../tick/repairs/id-ranges.ts'
import type { OpenGap } from '../../tick/repairs/open-gaps.ts'
import type { Outcome } from '../../tick/repairs/repairs.ts'

/** What was stated about missing ids: see src/tick/repairs/repairs.ts. */
export interface StatedIds extends IdRange {
  outcome: Outcome
  reason: string
  receivedAtMicros: number
}

/** Why ids stay missing. */
export interface ExplainedIds extends IdRange {
  outcome: Exclude<Outcome, 'requested'>
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
  /** Set once nothing of it is unexplained, which stays so until a person requests it again: `missing` only shrinks. */
  closed?: true | undefined
  /** When a person last had it requested again. */
  requestedMicros?: number
  foundAtMicros: number
  /** The venue's time of the trades before and after it, µs since 1970 UTC; infinite if not known. */
  afterMicros: number
  beforeMicros: number
  /** Whether it has a row in table `gaps`. */
  recorded: boolean
}

/** As in column `state` of table `gaps`. */
export type GapState = 'open' | 'repaired' | ExplainedIds['outcome']

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
  const reasonOf = (outcome: ExplainedIds['outcome']) =>
    gap.explained!.findLast(
      one => one.outcome === outcome && gap.missing.some(range => within([range], one).length > 0),
    )?.reason
  const accepted = joined(gap.explained!.filter(({ outcome }) => outcome === 'accepted'))
  const state = without(gap.missing, accepted).length === 0 ? 'accepted' : 'unrepairable'
  return { state, reason: reasonOf(state) ?? SKIPPED }
}

/** Notes what was stated about ids of it. What a person requests again is not explained any more, unless a person accepted it. */
export function note(gap: Pick<Gap, 'explained' | 'closed' | 'requestedMicros'>, stated: StatedIds): void {
  const { first, last, outcome, reason, receivedAtMicros } = stated
  const before = gap.explained ?? []
  if (outcome !== 'requested') {
    gap.explained = [...before, { first, last, outcome, reason }]
    return
  }
  gap.explained = before.flatMap(one =>
    one.outcome === 'accepted' ? [one] : without([one], [stated]).map(rest => ({ ...one, ...rest })),
  )
  gap.closed = undefined
  gap.requestedMicros = Math.max(gap.requestedMicros ?? 0, receivedAtMicros)
}

/** Ranges of one gap that are listed for recorders, the newest. */
const LISTED_RANGES_MAX = 500

const timeOrNull = (micros: number): number | null => (Number.isFinite(micros) ? micros : null)

/** As listed for the recorders. */
export function listedGap(gap: Gap): OpenGap {
  const { venue, symbol, run, foundAtMicros, afterMicros, beforeMicros, requestedMicros } = gap
  const missing = unexplained(gap).slice(-LISTED_RANGES_MAX)
  return {
    ...{ venue, symbol, run, foundAtMicros },
    missing: missing.map(({ first, last }) => [first, last] as const),
    ...{ afterMicros: timeOrNull(afterMicros), beforeMicros: timeOrNull(beforeMicros) },
    ...(requestedMicros !== undefined && { requestedMicros }),
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
