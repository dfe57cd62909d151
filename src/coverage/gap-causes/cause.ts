/** Why trade ids are missing, from what was recorded beside them. The rule, once and pure; in words: docs/repair.md. Times are ms since 1970 UTC. */

/** `''`: not known. */
export type GapCause = 'refused' | 'connection' | 'recorder' | 'halt' | 'venue' | ''

/** A sample of table `uptime`. */
export interface Sample {
  atMs: number
  recorded: boolean
}

/** Ids of a gap that are in quarantine, and why one of them was refused. */
export interface RefusedIds {
  count: number
  reason: string
}

/** What is known of the time between the trade before a gap and the one after it. */
export interface GapFacts {
  /** Ids of its range. */
  ids: number
  refused: RefusedIds
  /** By our clock where the trades beside it are stored, else by the venue's. Null if not known. */
  between: { fromMs: number; toMs: number } | null
  /** Connections and subscriptions lost between, in rising order, in words like `connection lost`. */
  lost: readonly { atMs: number; words: string }[]
  /** When recorders of the venue were started between. */
  startedMs: readonly number[]
  /** Samples between, with those beside them, in rising order. */
  samples: readonly Sample[]
  /** Whether a trade of the venue was received while there are no samples. */
  receivedUnsampled: boolean
  /** Since when events are kept; earlier ones have been deleted. Infinite without any. */
  eventsSinceMs: number
  /** The venue's word for not trading, and since when the list of instruments has it. */
  resting: { sinceMs: number; status: string } | undefined
}

export interface Caused {
  cause: GapCause
  /** What happened and when, or how many. Empty without a cause. */
  detail: string
}

/** Samples are ten seconds apart; a hole is longer than this. */
export const SAMPLE_MS_MAX = 15_000

/**
 * Ids that reached the log were refused, whatever else happened. Of a lost connection and a recorder that did not record, the first one
 * counts: the other is often its consequence. A venue skipped ids only where samples and
 * events show that we recorded all the time.
 */
export function causeOf(facts: GapFacts): Caused {
  const { ids, refused, between, resting } = facts
  if (refused.count > 0) {
    const which = refused.count >= ids ? (ids === 1 ? 'the id' : `all ${ids} ids`) : `${refused.count} of ${ids} ids`
    return {
      cause: 'refused',
      detail: `${which} reached the log and ${refused.count === 1 ? 'was' : 'were'} refused: ${refused.reason}`,
    }
  }
  if (!between) return { cause: '', detail: '' }
  const time = (ms: number) => timeText(ms, between.fromMs)
  const lost = facts.lost[0]
  const outage = outageOf(facts, between)
  if (lost && lost.atMs <= (outage?.atMs ?? Number.POSITIVE_INFINITY))
    return { cause: 'connection', detail: `${lost.words} at ${time(lost.atMs)}` }
  if (outage) return { cause: 'recorder', detail: outage.describe(time) }
  if (resting)
    return { cause: 'halt', detail: `the venue lists the instrument as ${resting.status} at ${time(resting.sinceMs)}` }
  return isSampled(facts, between)
    ? { cause: 'venue', detail: 'connected all the time: the venue skipped them' }
    : { cause: '', detail: '' }
}

/**
 * With what was found of an earlier state of the gap: its events may have been deleted since, so that only refused ids, which are
 * counted again, replace a cause.
 */
export function causeAgain(known: Caused, facts: GapFacts): Caused {
  const now = causeOf(facts)
  return known.cause === '' || now.cause === 'refused' ? now : known
}

interface Outage {
  /** It had begun by then. */
  atMs: number
  describe: (time: (ms: number) => string) => string
}

/** The first time between in which nothing was recorded. */
function outageOf(
  { samples, receivedUnsampled, startedMs }: GapFacts,
  between: NonNullable<GapFacts['between']>,
): Outage | undefined {
  const { fromMs, toMs } = between
  const outages: Outage[] = startedMs
    .slice(0, 1)
    .map(atMs => ({ atMs, describe: time => `the recorder of the venue started at ${time(atMs)}` }))
  const off = samples.find(({ atMs, recorded }) => !recorded && atMs >= fromMs && atMs <= toMs)
  if (off) outages.push({ atMs: off.atMs, describe: time => `nothing was recorded at ${time(off.atMs)}` })
  for (const [at, { atMs }] of samples.entries()) {
    const next = samples[at + 1]
    if (receivedUnsampled || !next || next.atMs - atMs <= SAMPLE_MS_MAX || next.atMs <= fromMs || atMs >= toMs) continue
    const describe: Outage['describe'] = time =>
      `nothing ran from ${time(Math.max(atMs, fromMs))} to ${time(Math.min(next.atMs, toMs))}`
    outages.push({ atMs: Math.max(atMs, fromMs) + SAMPLE_MS_MAX, describe })
  }
  return outages.toSorted((a, b) => a.atMs - b.atMs)[0]
}

/** Whether samples show that we recorded all the time between. */
function isSampled({ samples, eventsSinceMs }: GapFacts, { fromMs, toMs }: NonNullable<GapFacts['between']>): boolean {
  if (eventsSinceMs > fromMs) return false
  const first = samples.findLastIndex(({ atMs }) => atMs <= fromMs)
  const last = samples.findIndex(({ atMs }) => atMs >= toMs)
  if (first < 0 || last < 0) return false
  const around = samples.slice(first, last + 1)
  const reach = around[0]!.atMs >= fromMs - SAMPLE_MS_MAX && around.at(-1)!.atMs <= toMs + SAMPLE_MS_MAX
  return (
    reach &&
    around.every(({ recorded, atMs }, at) => recorded && (at === 0 || atMs - around[at - 1]!.atMs <= SAMPLE_MS_MAX))
  )
}

/** `12:03:04` UTC, with its day where that is not the day on which the gap begins. */
function timeText(ms: number, fromMs: number): string {
  const [day, time] = new Date(ms).toISOString().slice(0, 19).split('T') as [string, string]
  return day === new Date(fromMs).toISOString().slice(0, 10) ? time : `${day} ${time}`
}

/**
 * The whole numbers of a refused frame, as values of JSON: an id among them is that of a trade. A frame may be cut off: a number at its
 * end counts from six digits on, which the beginning of another number would hardly equal.
 */
export const numbersOf = (raw: string): number[] =>
  [...raw.matchAll(/[:,[]\s*(?:"(\d{1,16})"|(\d{1,16})(?=\s*[,\]}])|"?(\d{6,16})$)/g)].map(([, text, plain, last]) =>
    Number(text ?? plain ?? last),
  )
