/** What ingest lists for the recorders of a log: the trade ids that are missing. Bounded; the rest follows as gaps close. */

/** A closed range of trade ids. */
export type IdPair = readonly [first: number, last: number]

export interface OpenGap {
  venue: string
  symbol: string
  /** The run of ids: see docs/decisions/trade-ids.md. */
  run: number
  /** What is missing of it, in rising order. */
  missing: readonly IdPair[]
  /** The venue's time of the trades before and after it, µs since 1970 UTC; null if not known. */
  afterMicros: number | null
  beforeMicros: number | null
  foundAtMicros: number
  /** When a person last had it requested again: it is, however old it is. Absent if nobody did. */
  requestedMicros?: number
}

export interface OpenGaps {
  gaps: readonly OpenGap[]
  /** All open gaps and missing ids of the partition, also those not listed. */
  open: number
  missing: number
}

const isId = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0
const isTime = (value: unknown): boolean => value === null || Number.isFinite(value)

/** Reads such a message; undefined for anything else. */
export function readOpenGaps(body: unknown): OpenGaps | undefined {
  const { gaps, open, missing } = (body ?? {}) as Partial<OpenGaps>
  if (!Array.isArray(gaps) || !isId(open) || !isId(missing)) return undefined
  return { gaps: gaps.filter(isGap), open: open!, missing: missing! }
}

function isGap(value: unknown): value is OpenGap {
  const gap = (value ?? {}) as Partial<OpenGap>
  const isRange = (pair: unknown) => Array.isArray(pair) && pair.length === 2 && pair.every(isId) && pair[0] <= pair[1]
  return (
    typeof gap.venue === 'string' &&
    typeof gap.symbol === 'string' &&
    isId(gap.run) &&
    Array.isArray(gap.missing) &&
    gap.missing.every(isRange) &&
    isTime(gap.afterMicros) &&
    isTime(gap.beforeMicros) &&
    Number.isFinite(gap.foundAtMicros) &&
    (gap.requestedMicros === undefined || Number.isFinite(gap.requestedMicros))
  )
}
