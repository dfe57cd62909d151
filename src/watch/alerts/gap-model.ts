/**
 * How long may a symbol be silent before something is wrong? Each has its own rhythm, and that changes with the hour: so the
 * answer comes from its ticks of the last days at this hour, and from those of the last two hours.
 *
 * A silence is called too long where a symbol that goes on as it did would make one like it less than once in a million hours.
 * Two models say when that is, and the longer one counts: gaps between ticks as they come, and gaps between bursts, since trades
 * come in bursts. With few gaps known the answer is longer: what is uncertain is allowed for (the exponential's predictive
 * distribution). Twice the longest silence that was in order is always allowed, for rhythms with heavier tails.
 */

/** Ticks are counted by slots of this length: those of one slot are one beat. */
export const SLOT_MS = 100
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const WEEK_MS = 7 * DAY_MS

/** Silences expected in an hour, of the length that is called too long. */
const SILENCES_PER_HOUR = 1e-6
/** What was three days ago counts half. */
const HALF_LIFE_MS = 3 * DAY_MS
/** A weekend says less of a working day, and the other way round. */
const OTHER_KIND_OF_DAY = 0.25
/** So many beats, however dense, are counted as bursts of their own: a few pauses in a dense hour are no rhythm of pauses. */
const BEATS_AS_BURSTS = 20
/** Of the hours asked, so many may be put aside as having an outage in them. More, and it is the rhythm. */
const ASIDE_MAX = 1 / 3
/** What an hour's own ticks say of its silence is joined to so many gaps of the others: few ticks say little. */
const OTHERS_GAPS = 10

/** One symbol's ticks in one hour, by slots: what is kept of it. Times are those of receipt, ms since 1970 UTC. */
export interface HourOfTicks {
  /** When the hour begins. */
  hourMs: number
  firstMs: number
  lastMs: number
  /** Slots with a tick. */
  beats: number
  /** Silences of more than one slot between them, and what they sum to. */
  pauses: number
  pausedMs: number
  /** The longest of all silences between two beats. */
  longestMs: number
}

/** An hour with the silences around it, as far as they are known. */
interface Stretch extends Sums {
  hourMs: number
}

interface Sums {
  /** From the tick before, or the first one, to the last. */
  spanMs: number
  gaps: number
  pauses: number
  pausedMs: number
  longestMs: number
}

/**
 * How long a symbol may be silent at a moment, ms; null as long as too little is known of it to say. Hours in any order: those that
 * are known and not among them had no tick.
 */
export function allowedSilenceMs(
  hours: readonly HourOfTicks[],
  known: ReadonlySet<number>,
  atMs: number,
  leastMs: number,
): number | null {
  const stretches = stretchesOf(hours, known)
  const usual = stretches.filter(({ hourMs }) => isThisHour(hourMs, atMs))
  const recent = stretches.filter(({ hourMs }) => hourMs > atMs - 2 * HOUR_MS)
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
 * Joins each hour to the ticks around it. Where hours between are not known, the silence lasted at least as far as they are. What is
 * before the first tick and after the last is left out: nobody recorded yet, or it is an outage that lasts.
 */
function stretchesOf(hours: readonly HourOfTicks[], known: ReadonlySet<number>): Stretch[] {
  const sorted = [...hours].sort((a, b) => a.hourMs - b.hourMs)
  return sorted.map((hour, index) => {
    const { hourMs, firstMs, lastMs, beats, pauses, pausedMs, longestMs } = hour
    const [before, after] = [sorted[index - 1], sorted[index + 1]]
    const knownFromMs = knownUntil(hourMs, -HOUR_MS, before?.hourMs, known)
    const knownToMs = knownUntil(hourMs, HOUR_MS, after?.hourMs, known)
    const joinsBefore = before !== undefined && knownFromMs === before.hourMs
    const joinsAfter = after !== undefined && knownToMs === after.hourMs
    const gapMs = before ? Math.max(0, firstMs - (joinsBefore ? before.lastMs : knownFromMs)) : 0
    const gapAfterMs = after ? Math.max(0, (joinsAfter ? after.firstMs : knownToMs + HOUR_MS) - lastMs) : 0
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

/** From an hour on, step by step, the last one that is known without a break; no further than `toMs`. */
function knownUntil(hourMs: number, stepMs: number, toMs: number | undefined, known: ReadonlySet<number>): number {
  let ms = hourMs
  while (ms !== toMs && known.has(ms + stepMs)) ms += stepMs
  return ms
}

/** Is it this hour of the day, or one beside it, of some day? */
export function isThisHour(hourMs: number, atMs: number): boolean {
  const apartMs = Math.abs((((hourMs + HOUR_MS / 2 - atMs) % DAY_MS) + DAY_MS) % DAY_MS)
  return hourMs <= atMs && Math.min(apartMs, DAY_MS - apartMs) <= 1.5 * HOUR_MS
}

/**
 * Leaves out hours whose longest silences were outages, not the rhythm: too long by all the others, and by what else is known of
 * that hour, since a quiet hour is none. As many as possible at once: two outages alike would excuse each other.
 */
function withoutOutages(stretches: readonly Stretch[], atMs: number): Stretch[] {
  const longestFirst = [...stretches].sort((a, b) => b.longestMs - a.longestMs)
  for (let aside = Math.floor(stretches.length * ASIDE_MAX); aside > 0; aside--) {
    const others = longestFirst.slice(aside)
    const sums = sumsOf(others, atMs)
    if (longestFirst.slice(0, aside).every(suspect => isOutage(suspect, sums))) return others
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

/** The silence that would come once in a million hours; null where there are no two ticks. */
function tooLongMs({ spanMs, gaps, pauses, pausedMs, longestMs }: Sums): number | null {
  if (gaps <= 0 || spanMs <= 0) return null
  const perHour = HOUR_MS / spanMs
  const dense = Math.min(gaps, BEATS_AS_BURSTS)
  const burstGaps = pauses + dense
  return Math.max(
    2 * longestMs,
    quantileMs(spanMs, gaps, gaps * perHour),
    quantileMs(pausedMs + (dense * spanMs) / gaps, burstGaps, Math.max(1, burstGaps * perHour)),
  )
}

/** The gap that comes less than `SILENCES_PER_HOUR` times an hour, where `gaps` of `perHour` each hour summed to `sumMs`. */
function quantileMs(sumMs: number, gaps: number, perHour: number): number {
  return Math.min(WEEK_MS, sumMs * Math.expm1(Math.log(Math.max(perHour, 1) / SILENCES_PER_HOUR) / gaps))
}

function weightOf(hourMs: number, atMs: number): number {
  const kind = isWeekend(hourMs) === isWeekend(atMs) ? 1 : OTHER_KIND_OF_DAY
  return kind * 2 ** (-Math.max(0, atMs - hourMs) / HALF_LIFE_MS)
}

function isWeekend(atMs: number): boolean {
  const day = new Date(atMs).getUTCDay()
  return day === 0 || day === 6
}

/** What an hour's ticks come to. Times in rising order, ms since 1970 UTC; at least one. The store counts the same way in SQL. */
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
