/** Compares each minute of a day with the venue's own candle of it: count and volumes, as exact decimals. */
import { withoutZeros } from '../store/exact-sums.ts'
import { MINUTE_MS, MINUTES_OF_DAY, type VenueMinute } from '../venues/candles/candles.ts'
import { decimalsOf, unit, unitsOf } from './exact-decimal.ts'
import { type CountedIds, IdRanges } from './id-ranges.ts'
import { StoredTrades } from './stored.ts'
import { type StoredMinute, storedMinutes } from './stored-minutes.ts'

const EXAMPLES_MAX = 20

const VOLUMES = ['volume', 'quoteVolume', 'takerBuyVolume', 'takerBuyQuoteVolume'] as const
/** Products: of these a venue may round each. */
const QUOTE_VOLUMES: ReadonlySet<string> = new Set(['quoteVolume', 'takerBuyQuoteVolume'])
/** A venue that writes fewer does not round to them, but leaves zeros out. */
const ROUNDED_DECIMALS_MIN = 6
type Column = 'count' | (typeof VOLUMES)[number]

export interface MinuteDifference {
  /** Its start, ISO 8601. */
  minute: string
  columns: { column: Column; venue: string; stored: string }[]
  /** Ids that no stored trade has, between those of the minutes around; null where the venue's ids are not dense. */
  missing: CountedIds | null
}

export interface MinutesResult {
  /** Minutes of the day of which the venue stated a candle; 1,440 is the day. */
  stated: number
  equal: number
  /** Of these: the venue's quote volume is rounded, and ours is within that. */
  rounded: number
  different: number
  /** The first of them. */
  differences: MinuteDifference[]
  /** What the venue states of a minute, and is compared. */
  columns: Column[]
  /** Stored trades with more than 20 decimals: their sums cannot be compared. */
  inexact: number
}

const NO_TRADES: Omit<StoredMinute, 'startMs'> = {
  ...{ trades: 0, first: 0, last: 0 },
  ...{ volume: '0', quoteVolume: '0', takerBuyVolume: '0', takerBuyQuoteVolume: '0' },
}

/** `isDense`: a missing id is a missing trade. Minutes before the first and after the last stated one are not compared. */
export async function compareMinutes(
  stored: StoredTrades,
  stated: readonly VenueMinute[],
  isDense: boolean,
): Promise<MinutesResult> {
  const { minutes, inexact } = await storedMinutes(stored)
  const ours = new Map(minutes.map(minute => [minute.startMs, minute]))
  const theirs = new Map(stated.map(minute => [minute.startMs, minute]))
  const [from, until] = StoredTrades.dayMicros(stored.of.day).map(micros => micros / 1000) as [number, number]
  const ofDay = [...theirs.keys()].filter(startMs => startMs >= from && startMs < until).sort((a, b) => a - b)
  const sample = theirs.get(ofDay[0] ?? -1)
  const result: MinutesResult = {
    ...{ stated: ofDay.length, equal: 0, rounded: 0, different: 0, differences: [] as MinuteDifference[] },
    columns: sample ? columnsOf(sample) : [],
    inexact,
  }
  for (let startMs = ofDay[0] ?? until; startMs <= (ofDay.at(-1) ?? 0); startMs += MINUTE_MS) {
    const our = { startMs, ...(ours.get(startMs) ?? NO_TRADES) }
    const columns = differing(our, theirs.get(startMs), result)
    if (columns.length === 0) continue
    result.different++
    if (result.differences.length === EXAMPLES_MAX) continue
    const missing = isDense ? await missingAround(stored, minutes, startMs) : null
    result.differences.push({ minute: new Date(startMs).toISOString().replace(':00.000Z', 'Z'), columns, missing })
  }
  return result
}

/** What a candle states. */
function columnsOf(minute: VenueMinute): Column[] {
  return [...(minute.trades === null ? [] : (['count'] as const)), ...VOLUMES.filter(column => minute[column] !== null)]
}

/** Whether every minute of the day was compared, and is equal. */
export function allMinutesEqual({ equal, inexact }: MinutesResult): boolean {
  return equal === MINUTES_OF_DAY && inexact === 0
}

/** The columns that differ; counts the minute as equal if none does. A minute without a candle has no trades. */
function differing(our: StoredMinute, their: VenueMinute | undefined, result: MinutesResult) {
  const found: MinuteDifference['columns'] = []
  let isRounded = false
  const count = their ? their.trades : 0
  if (count !== null && count !== our.trades)
    found.push({ column: 'count', venue: String(count), stored: String(our.trades) })
  for (const column of VOLUMES) {
    const venue = their ? their[column] : '0'
    if (venue === null) continue
    const isRoundable = their !== undefined && QUOTE_VOLUMES.has(column)
    const equality = compare(venue, our[column], isRoundable ? our.trades : 0)
    if (equality === 'rounded') isRounded = true
    if (equality === 'different') found.push({ column, venue: withoutZeros(venue), stored: withoutZeros(our[column]) })
  }
  if (found.length > 0 || !their) return found
  result.equal++
  if (isRounded) result.rounded++
  return found
}

/**
 * A venue may round the quote volume of each trade to the decimals that it writes: then ours has more of them. `roundings`: how
 * many values it may have rounded.
 */
function compare(venue: string, stored: string, roundings: number): 'equal' | 'rounded' | 'different' {
  const apart = unitsOf(venue) - unitsOf(stored)
  if (apart === 0n) return 'equal'
  const decimals = venue.split('.')[1]?.length ?? 0
  if (decimals < ROUNDED_DECIMALS_MIN || decimalsOf(stored) <= decimals) return 'different'
  const bound = BigInt(roundings) * unit(decimals)
  return apart <= bound && -apart <= bound ? 'rounded' : 'different'
}

/** Ids that are not stored, between the last one of the minutes before and the first one of the minutes after. */
async function missingAround(stored: StoredTrades, minutes: readonly StoredMinute[], startMs: number) {
  const missing = new IdRanges()
  const own = minutes.find(minute => minute.startMs === startMs)
  const before = minutes.findLast(minute => minute.startMs < startMs)
  const after = minutes.find(minute => minute.startMs > startMs)
  const first = before ? before.last + 1 : own?.first
  const last = after ? after.first - 1 : own?.last
  if (first === undefined || last === undefined || last < first) return missing
  let next = first
  for (const id of await stored.idsBetween(first, last)) {
    if (id > next) missing.add(next, id - 1)
    next = id + 1
  }
  if (next <= last) missing.add(next, last)
  return missing
}
