/** The rows of a symbol's consecutive hours, from what was counted. Pure. */
import type { IdKind } from '../tick/id-kind.ts'
import { type Cause, type Condition, conditionOf, type HourFacts, type NextTrade } from './condition.ts'
import { type Counted, type GapSpan, HOUR, type Span } from './facts.ts'

/** A row of table `coverage`; `hour` in seconds since 1970 UTC. */
export interface HourRow extends HourFacts {
  venue: string
  symbol: string
  hour: number
  condition: Condition
  cause: Cause
}

/** The last trade known before some hours. */
export type LastTrade = { run: number; id: number } | null

export interface SymbolHours {
  kind: string
  venue: string
  symbol: string
  ids: IdKind | ''
  /** From the first hour to write, to the end of the last. */
  span: Span
  before: LastTrade
  next: NextTrade
  counted: readonly Counted[]
  gaps: readonly GapSpan[]
  resting: readonly Span[]
  recordedSeconds: (hour: number) => number
  connectionsLost: (hour: number) => number
  compared: (hour: number) => { compared: number; equal: number } | undefined
}

const overlaps = (one: Span, from: number, to: number): boolean => one.from < to && one.to > from

/** One row for each hour of the span. */
export function rowsOf(symbol: SymbolHours): HourRow[] {
  const counted = new Map(symbol.counted.map(each => [each.hour, each]))
  const facts: (HourFacts & { hour: number })[] = []
  let before = symbol.before
  for (let hour = symbol.span.from; hour < symbol.span.to; hour += HOUR) {
    const found = counted.get(hour)
    const gaps = symbol.gaps.filter(gap => overlaps(gap, hour, hour + HOUR))
    const inState = (state: GapSpan['state']) => gaps.filter(gap => gap.state === state).length
    const restarted = found && before && found.first_run !== before.run
    // Within a run, ids between the last one before and the first one here.
    const skipped = found && before && !restarted ? Math.max(0, found.first_id - before.id - 1) : 0
    facts.push({
      ...{ hour, kind: symbol.kind, ids: symbol.ids },
      ...{ ticks: found?.ticks ?? 0, supplied: found?.supplied ?? 0 },
      ...{ first_run: found?.first_run ?? before?.run ?? 0, first_id: found?.first_id ?? 0 },
      ...{ last_run: found?.last_run ?? before?.run ?? 0, last_id: found?.last_id ?? before?.id ?? 0 },
      adjoins: !before ? 'unknown' : restarted || (found && found.first_run !== found.last_run) ? 'restarted' : 'yes',
      absent: (found?.absent ?? 0) + skipped,
      ...{ gaps_open: inState('open'), gaps_unrepairable: inState('unrepairable') },
      ...{ gaps_accepted: inState('accepted'), gaps_repaired: inState('repaired') },
      missing: gaps.reduce((sum, gap) => sum + (gap.state === 'repaired' ? 0 : gap.missing), 0),
      gap_cause: gapCauseOf(gaps),
      recorded_seconds: symbol.recordedSeconds(hour),
      resting: symbol.resting.some(span => overlaps(span, hour, hour + HOUR)),
      connections_lost: symbol.connectionsLost(hour),
      ...(symbol.compared(hour) ?? { compared: 0, equal: 0 }),
    })
    if (found) before = { run: found.last_run, id: found.last_id }
  }
  const rows: HourRow[] = []
  let next = symbol.next
  for (const each of facts.reverse()) {
    rows.push({ venue: symbol.venue, symbol: symbol.symbol, ...each, ...conditionOf(each, next) })
    if (each.ticks > 0) next = { run: each.first_run, id: each.first_id }
  }
  return rows.reverse()
}

/** What caused most of the missing ids, and whether there are other causes. */
export function gapCauseOf(gaps: readonly Pick<GapSpan, 'state' | 'missing' | 'detail'>[]): string {
  const missing = new Map<string, number>()
  for (const gap of gaps)
    if (gap.state !== 'repaired' && gap.missing > 0)
      missing.set(gap.detail, (missing.get(gap.detail) ?? 0) + gap.missing)
  const [most, ...others] = [...missing].filter(([detail]) => detail !== '').sort(([, a], [, b]) => b - a)
  if (!most) return ''
  return missing.size === 1
    ? most[0]
    : `${most[0]} (${most[1]} of them), and other gaps${others.length > 0 ? '' : ' of unknown cause'}`
}
