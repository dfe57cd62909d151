/**
 * The longest normal gap between two ticks of a symbol at a time of day, learned from its ticks at this hour of the
 * last days, and from those of the last two hours.
 *
 * A gap is too long if a symbol that behaves as before has one like it less than once in a million hours. Two models
 * compute that, and the longer result counts: gaps between ticks, and gaps between bursts, since trades come in bursts.
 * With few known gaps the result is longer, to allow for the uncertainty (the predictive distribution of the
 * exponential). Twice the longest normal gap is always allowed, for symbols with heavier tails.
 */
import { MS_PER_DAY, MS_PER_HOUR } from '../../clock.ts'

/** Ticks are counted in slots of this length: all ticks of one slot are one beat. */
export const SLOT_MS = 100
const WEEK_MS = 7 * MS_PER_DAY

/** Expected number per hour of gaps that are too long. */
const LONG_GAPS_PER_HOUR = 1e-6
/** Hours of three days ago count half. */
const HALF_LIFE_MS = 3 * MS_PER_DAY
/** Weight of a weekend for a working day, and of a working day for a weekend. */
const OTHER_KIND_OF_DAY = 0.25
/** This many beats, however dense, count as bursts: a few pauses in a dense hour are not a distribution of pauses. */
const BEATS_AS_BURSTS = 20
/** The largest share of hours that may be left out as outages. More of them are normal behaviour. */
const OUTAGES_MAX = 1 / 3
/** An hour's own gaps are evaluated together with this many gaps of the other hours: few ticks prove little. */
const OTHERS_GAPS = 10

/** Summary of one symbol's ticks in one hour, in slots. Times are receive times, ms since 1970 UTC. */
export interface HourOfTicks {
  /** Start of the hour. */
  hourMs: number
  firstMs: number
  lastMs: number
  /** Slots with a tick. */
  beats: number
  /** Gaps of more than one slot between them, and their sum. */
  pauses: number
  pausedMs: number
  /** The longest gap between two beats. */
  longestMs: number
}

/** An hour with the gaps around it, as far as they are known. */
interface Stretch extends Sums {
  hourMs: number
}

interface Sums {
  /** From the previous tick, or the first one, to the last. */
  spanMs: number
  gaps: number
  pauses: number
  pausedMs: number
  longestMs: number
}

/**
 * The longest normal gap at a time, ms; null while too little is known. `hours` in any order; hours in `known` that are
 * not in `hours` had no tick.
 */
export function allowedGapMs(
  hours: readonly HourOfTicks[],
  known: ReadonlySet<number>,
  atMs: number,
  leastMs: number,
): number | null {
  const stretches = stretchesOf(hours, known)
  const usual = stretches.filter(({ hourMs }) => isThisHour(hourMs, atMs))
  const recent = stretches.filter(({ hourMs }) => hourMs > atMs - 2 * MS_PER_HOUR)
  const kept = new Set(withoutOutages([...new Set([...usual, ...recent])], atMs))
  const allowed = [usual, recent].flatMap(
    group =>
      tooLongMs(
        sumsOf(
          group.filter(each => kept.has(each)),
          atMs,
        ),
      ) ?? [],
  )
  return allowed.length === 0 ? null : Math.max(leastMs, ...allowed)
}

/**
 * Joins each hour to the ticks around it. If hours between are unknown, the gap reaches at least to the nearest known
 * hour. Time before the first tick and after the last does not count: nothing was recorded yet, or an outage lasts.
 */
function stretchesOf(hours: readonly HourOfTicks[], known: ReadonlySet<number>): Stretch[] {
  const sorted = [...hours].sort((a, b) => a.hourMs - b.hourMs)
  return sorted.map((hour, index) => {
    const { hourMs, firstMs, lastMs, beats, pauses, pausedMs, longestMs } = hour
    const [before, after] = [sorted[index - 1], sorted[index + 1]]
    const knownFromMs = knownUntil(hourMs, -MS_PER_HOUR, before?.hourMs, known)
    const knownToMs = knownUntil(hourMs, MS_PER_HOUR, after?.hourMs, known)
    const joinsBefore = before !== undefined && knownFromMs === before.hourMs
    const joinsAfter = after !== undefined && knownToMs === after.hourMs
    const gapMs = before ? Math.max(0, firstMs - (joinsBefore ? before.lastMs : knownFromMs)) : 0
    const gapAfterMs = after ? Math.max(0, (joinsAfter ? after.firstMs : knownToMs + MS_PER_HOUR) - lastMs) : 0
    const pausesBefore = joinsBefore && gapMs > SLOT_MS ? 1 : 0
    return {
      hourMs,
      spanMs: lastMs - firstMs + gapMs + (joinsAfter ? 0 : gapAfterMs),
      gaps: beats - 1 + (joinsBefore && gapMs > 0 ? 1 : 0),
      pauses: pauses + pausesBefore,
      pausedMs: pausedMs + pausesBefore * gapMs,
      longestMs: Math.max(longestMs, gapMs, gapAfterMs),
    }
  })
}

/** The last known hour from `hourMs` on, without a break; at most `toMs`. */
function knownUntil(hourMs: number, stepMs: number, toMs: number | undefined, known: ReadonlySet<number>): number {
  let ms = hourMs
  while (ms !== toMs && known.has(ms + stepMs)) ms += stepMs
  return ms
}

/** Is it the same hour of any day, or one next to it? */
export function isThisHour(hourMs: number, atMs: number): boolean {
  const apartMs = Math.abs((((hourMs + MS_PER_HOUR / 2 - atMs) % MS_PER_DAY) + MS_PER_DAY) % MS_PER_DAY)
  return hourMs <= atMs && Math.min(apartMs, MS_PER_DAY - apartMs) <= 1.5 * MS_PER_HOUR
}

/**
 * Leaves out hours whose longest gap was an outage: too long by all other hours, and by the rest of that hour, since a
 * quiet hour is not an outage. As many as possible together: two similar outages would justify each other.
 */
function withoutOutages(stretches: readonly Stretch[], atMs: number): Stretch[] {
  const longestFirst = [...stretches].sort((a, b) => b.longestMs - a.longestMs)
  for (let outages = Math.floor(stretches.length * OUTAGES_MAX); outages > 0; outages--) {
    const others = longestFirst.slice(outages)
    const sums = sumsOf(others, atMs)
    if (longestFirst.slice(0, outages).every(suspect => isOutage(suspect, sums))) return others
  }
  return longestFirst
}

function isOutage(suspect: Stretch, others: Sums): boolean {
  const allowed = tooLongMs(others)
  if (allowed === null || suspect.longestMs <= allowed) return false
  const share = OTHERS_GAPS / others.gaps
  const own = tooLongMs({
    spanMs: suspect.spanMs - suspect.longestMs + share * others.spanMs,
    gaps: suspect.gaps - 1 + OTHERS_GAPS,
    pauses: Math.max(0, suspect.pauses - 1) + share * others.pauses,
    pausedMs: Math.max(0, suspect.pausedMs - suspect.longestMs) + share * others.pausedMs,
    longestMs: 0,
  })
  return own !== null && suspect.longestMs > own
}

/** Stretches together, each by its weight. */
function sumsOf(stretches: readonly Stretch[], atMs: number): Sums {
  const sums = { spanMs: 0, gaps: 0, pauses: 0, pausedMs: 0, longestMs: 0 }
  for (const stretch of stretches) {
    const weight = weightOf(stretch.hourMs, atMs)
    sums.spanMs += weight * stretch.spanMs
    sums.gaps += weight * stretch.gaps
    sums.pauses += weight * stretch.pauses
    sums.pausedMs += weight * stretch.pausedMs
    sums.longestMs = Math.max(sums.longestMs, stretch.longestMs)
  }
  return sums
}

/** The gap that is expected once in a million hours; null without two ticks. */
function tooLongMs({ spanMs, gaps, pauses, pausedMs, longestMs }: Sums): number | null {
  if (gaps <= 0 || spanMs <= 0) return null
  const perHour = MS_PER_HOUR / spanMs
  const dense = Math.min(gaps, BEATS_AS_BURSTS)
  const burstGaps = pauses + dense
  return Math.max(
    2 * longestMs,
    quantileMs(spanMs, gaps, gaps * perHour),
    quantileMs(pausedMs + (dense * spanMs) / gaps, burstGaps, Math.max(1, burstGaps * perHour)),
  )
}

/**
 * The gap that comes less than `LONG_GAPS_PER_HOUR` times an hour, where `gaps` of `perHour` each hour summed to
 * `sumMs`.
 */
function quantileMs(sumMs: number, gaps: number, perHour: number): number {
  return Math.min(WEEK_MS, sumMs * Math.expm1(Math.log(Math.max(perHour, 1) / LONG_GAPS_PER_HOUR) / gaps))
}

function weightOf(hourMs: number, atMs: number): number {
  const kind = isWeekend(hourMs) === isWeekend(atMs) ? 1 : OTHER_KIND_OF_DAY
  return kind * 2 ** (-Math.max(0, atMs - hourMs) / HALF_LIFE_MS)
}

function isWeekend(atMs: number): boolean {
  const day = new Date(atMs).getUTCDay()
  return day === 0 || day === 6
}

/**
 * Summary of an hour's ticks. Times in rising order, ms since 1970 UTC; at least one. `InstanceClient.hour` does the
 * same in SQL.
 */
export function hourOfTicks(hourMs: number, timesMs: readonly number[]): HourOfTicks {
  const slots = [...new Set(timesMs.map(ms => Math.floor(ms / SLOT_MS)))]
  const gaps = slots.slice(1).map((slot, index) => (slot - slots[index]!) * SLOT_MS)
  const pauses = gaps.filter(gap => gap > SLOT_MS)
  return {
    hourMs,
    firstMs: slots[0]! * SLOT_MS,
    lastMs: slots.at(-1)! * SLOT_MS,
    beats: slots.length,
    pauses: pauses.length,
    pausedMs: pauses.reduce((sum, gap) => sum + gap, 0),
    longestMs: gaps.reduce((longest, gap) => Math.max(longest, gap), 0),
  }
}
