/**
 * The condition of an hour of a symbol's ticks: what is known of its completeness, and why. The rules, once and pure; in words:
 * docs/coverage.md.
 */
import { type IdKind, idsAreDense } from '../tick/id-kind.ts'

/** From the best to the worst: that of a day is the worst of its hours. As in table `coverage`, where they count from 1. */
export const CONDITIONS = ['halted', 'proved', 'repaired', 'unprovable', 'pending', 'degraded', 'missing'] as const
export type Condition = (typeof CONDITIONS)[number]

/** Ticks of the range are known not to be there. */
export const isIncomplete = (condition: Condition): boolean => condition === 'degraded' || condition === 'missing'

/** What each cause states; `{name}` is a number of the hour. */
export const CAUSES = {
  ids_dense: 'ids are dense, and adjoin the trades before and after',
  ids_dense_after_repair: 'ids are dense: {supplied} trades were supplied later, {gaps_repaired} gaps closed',
  instrument_halted: 'no trade: ids are dense over the silence, and the venue had halted the instrument',
  halted_until_now: 'no trade: the venue has halted the instrument; proved when the next trade arrives',
  no_trade: 'no trade was made: the ids before and after adjoin',
  gap_open: '{missing} trade ids are missing, and may still be supplied',
  gap_unrepairable: '{missing} trade ids are missing, and the venue does not supply them',
  gap_accepted: '{missing} trade ids are missing, and a person accepted that',
  ids_absent: '{absent} trade ids are in no gap and not in the table: see quarantine',
  quotes_differ: '{compared} tops of the rebuilt book were compared with quotes, {equal} were equal',
  not_recorded: 'nothing was recorded: no recorder ran',
  no_tick_recorded: 'nothing was recorded, and it is not known whether a recorder ran',
  not_audited: 'not counted yet: the hour is not over, or its log records are not audited',
  no_later_trade: 'the end is not proved before the next trade arrives',
  recording_began: 'no earlier trade to adjoin: recording began here',
  ids_restarted: 'the venue began its ids again: the numbers do not show what came between',
  ids_not_followed: 'the ids are too large to be followed',
  connection_lost: 'no ids show a loss, and the connection was lost {connections_lost} times',
  recorder_paused: 'no ids show a loss, and {recorded_seconds} of 3,600 seconds were recorded',
  quotes_compared: '{equal} of {compared} tops of the rebuilt book equal the quotes: no proof between them',
  no_tick_halted: 'recorded without a tick: the venue had halted the instrument',
  no_tick: 'recorded without a tick: no ids show whether there was one',
  no_ids: 'no ids show a loss',
} as const
export type Cause = keyof typeof CAUSES

/** What is counted of an hour: columns of table `coverage`. */
export interface HourFacts {
  kind: string
  /** The venue's kind of trade ids; empty if not known, and for other ticks than trades. */
  ids: IdKind | ''
  ticks: number
  /** Trades that the venue supplied later. */
  supplied: number
  first_run: number
  first_id: number
  last_run: number
  /** Without ticks, the last one before the hour; 0 if there is none. */
  last_id: number
  /** Whether the ids continue those before the hour. */
  adjoins: 'unknown' | 'yes' | 'restarted'
  absent: number
  gaps_open: number
  gaps_unrepairable: number
  gaps_accepted: number
  gaps_repaired: number
  missing: number
  /** What caused the gaps with ids that are missing, in words; empty if not known. */
  gap_cause: string
  /** -1 if not known. */
  recorded_seconds: number
  /** Whether the venue had stopped trading of the instrument. */
  resting: boolean
  connections_lost: number
  compared: number
  equal: number
}

/** The first trade after an hour: of which run, and with which id; null if none is known yet. */
export type NextTrade = { run: number; id: number } | null

export interface Evaluated {
  condition: Condition
  cause: Cause
}

const evaluated = (condition: Condition, cause: Cause): Evaluated => ({ condition, cause })

/** Seconds of an hour that a sample of table `uptime` may lack without a pause. */
const UPTIME_TOLERANCE_SECONDS = 30

/**
 * The condition of an hour that is over and whose log records are audited. Only `dense` ids show that nothing is missing: no other
 * hour is `proved`, `repaired` or `halted`.
 */
export function conditionOf(facts: HourFacts, next: NextTrade): Evaluated {
  const dense = facts.ids !== '' && idsAreDense(facts.ids)
  return dense ? ofDenseIds(facts, next) : ofOtherTicks(facts)
}

/** The cause that the hour's gaps are; undefined if all of them are repaired. */
function gapCause(facts: HourFacts): Cause | undefined {
  if (facts.gaps_open > 0) return 'gap_open'
  if (facts.gaps_unrepairable > 0) return 'gap_unrepairable'
  return facts.gaps_accepted > 0 ? 'gap_accepted' : undefined
}

function ofDenseIds(facts: HourFacts, next: NextTrade): Evaluated {
  const { ticks } = facts
  const gap = gapCause(facts)
  if (ticks === 0 && facts.recorded_seconds === 0 && (gap || !next)) return evaluated('missing', 'not_recorded')
  if (gap) return evaluated('degraded', gap)
  if (facts.absent > 0) return evaluated('degraded', 'ids_absent')
  if (facts.last_id >= Number.MAX_SAFE_INTEGER) return evaluated('unprovable', 'ids_not_followed')
  if (ticks === 0 && facts.last_id === 0)
    return facts.recorded_seconds <= 0
      ? evaluated('missing', facts.recorded_seconds === 0 ? 'not_recorded' : 'no_tick_recorded')
      : pending(facts)
  if (facts.adjoins === 'restarted') return evaluated('unprovable', 'ids_restarted')
  if (facts.adjoins === 'unknown') return evaluated('unprovable', 'recording_began')
  if (!next) return pending(facts)
  if (next.run !== facts.last_run) return evaluated('unprovable', 'ids_restarted')
  // No gap covers them: they were refused, or their gap is not known yet.
  if (next.id > facts.last_id + 1) return evaluated('degraded', 'ids_absent')
  if (ticks === 0) return evaluated('halted', facts.resting ? 'instrument_halted' : 'no_trade')
  if (facts.supplied > 0 || facts.gaps_repaired > 0) return evaluated('repaired', 'ids_dense_after_repair')
  return evaluated('proved', 'ids_dense')
}

/** The venue's list is read now and then only: what it states of an hour is no proof that nothing was traded in it. */
const pending = ({ ticks, resting }: HourFacts): Evaluated =>
  evaluated('pending', ticks === 0 && resting ? 'halted_until_now' : 'no_later_trade')

function ofOtherTicks(facts: HourFacts): Evaluated {
  const { ticks, recorded_seconds: seconds } = facts
  if (ticks === 0 && seconds <= 0) return evaluated('missing', seconds === 0 ? 'not_recorded' : 'no_tick_recorded')
  const gap = gapCause(facts)
  if (gap) return evaluated('degraded', gap)
  if (facts.equal < facts.compared) return evaluated('degraded', 'quotes_differ')
  if (facts.connections_lost > 0) return evaluated('unprovable', 'connection_lost')
  if (seconds >= 0 && seconds < 3_600 - UPTIME_TOLERANCE_SECONDS) return evaluated('unprovable', 'recorder_paused')
  if (ticks === 0) return evaluated('unprovable', facts.resting ? 'no_tick_halted' : 'no_tick')
  return evaluated('unprovable', facts.compared > 0 ? 'quotes_compared' : 'no_ids')
}

/** One for all texts: making one takes longer than formatting. */
const NUMBER = new Intl.NumberFormat('en-US')

/** The cause in words, with the numbers of the hour. */
export function causeText(cause: string, numbers: Readonly<Record<string, unknown>>): string {
  const text = CAUSES[cause as Cause] ?? cause
  const why = cause.startsWith('gap_') && numbers.gap_cause ? `: ${numbers.gap_cause}` : ''
  return text.replace(/\{(\w+)\}/g, (_all, name: string) => NUMBER.format(Number(numbers[name] ?? 0))) + why
}
