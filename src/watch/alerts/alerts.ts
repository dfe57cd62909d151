/**
 * From what is wrong at each probe to what a person is told: pure, so that a month of probes is played in a test. A thing is told
 * once it has lasted for some probes, or came again and again, again at intervals, and once more when it is over. What follows from
 * something else that is wrong is not told beside it.
 */
import type { Alert, Severity } from '../../status/watch-report.ts'

/** Something that is wrong at this probe, told or not. */
export interface Condition {
  name: string
  severity: Severity
  title: string
  what: string
  /** Since when, ms since 1970 UTC, where that is known; else the first probe that saw it counts. */
  sinceMs?: number
  affected: readonly string[]
  next: string
  page: string
  /** Probes that must see it: in a row, or more of them where others between did not. */
  probes: number
  /** Names of conditions that follow from this one. */
  explains: readonly string[] | 'all others'
  /** Told only when it is over, where nothing can be sent while it lasts; whatever else is wrong by then. */
  toldAfterwards?: boolean
}

export type MessageKind = 'opened' | 'repeated' | 'more' | 'closed'

/** Something to tell a person. */
export interface Message {
  kind: MessageKind
  alert: Alert
  /** The same for all messages about one occurrence, such as `house_down-1764000000000`. */
  occurrence: string
  atMs: number
  /** How long it has lasted. */
  lastedMs: number
}

/** What is remembered of a condition from probe to probe; as JSON in the watcher's file. */
export interface Remembered {
  /** As it was last seen. */
  alert: Alert
  toldAfterwards: boolean
  explains: Condition['explains']
  /** The first and the last probe that saw it, this time. */
  seenMs: number
  lastSeenMs: number
  /** Probes that saw it, less `UNSEEN_WEIGHT` for each that did not. */
  seenProbes: number
  /** The longest that it was gone and came back, this time. */
  longestPauseMs: number
  /** When it was taken for real; null before that. */
  openedMs: number | null
  /** The first probe that no longer saw it; null while it is seen. */
  goneMs: number | null
  /** When it was last told; null if never. */
  toldMs: number | null
  toldAffected: readonly string[]
}

export interface AlertState {
  remembered: Record<string, Remembered>
  /** When each was last closed, newest last: what comes and goes is closed later and later. */
  closed: Record<string, readonly number[]>
}

export const NO_ALERTS: AlertState = { remembered: {}, closed: {} }

export interface Timing {
  everyMs: number
  repeatMs: number
}

/** Probes in a row that must find it over. */
export const GONE_PROBES = 2
/**
 * What a probe that does not see it takes from those that did: what is seen at every other probe is told soon, and what is seen at
 * every third or less often, never.
 */
const UNSEEN_WEIGHT = 0.5
/** It is over once it was gone for so many times as long as it ever was before it came back. */
const PAUSES = 2
/** New names on an alert are told at most this often. */
const MORE_EVERY_MS = 5 * 60_000
/** What closed this recently and is back is flapping: each time it is waited twice as long before it is called over. */
const FLAPPING_MS = 60 * 60_000
const QUIET_MS_MAX = 30 * 60_000

export interface Step {
  conditions: readonly Condition[]
  /** Names that this probe could not judge: they are left as they are. */
  unknown: (name: string) => boolean
  /** Until when messages about a name are kept back, ms since 1970 UTC; 0 if they are not. */
  silencedUntilMs: (name: string) => number
  nowMs: number
}

/** Takes the conditions of one probe. */
export function step(
  state: AlertState,
  { conditions, unknown, silencedUntilMs, nowMs }: Step,
  timing: Timing,
): { state: AlertState; messages: Message[] } {
  const known = notAhead(state.remembered, nowMs)
  // What follows from something else outlives it by a moment.
  const lingering = Object.values(known)
    .filter(({ openedMs, goneMs }) => openedMs !== null && nowMs - (goneMs ?? nowMs) <= GONE_PROBES * timing.everyMs)
    .map(({ alert, explains }) => ({ name: alert.name, explains }))
  const causes = [...conditions, ...lingering]
  const explained = (name: string) => causes.some(cause => cause.name !== name && doesExplain(cause, name))
  const remembered: Record<string, Remembered> = {}
  const closed = recentlyClosed(state.closed, nowMs)
  const messages: Message[] = []
  const tell = (kind: MessageKind, of: Remembered) => {
    const { alert } = of
    const lastedMs = Math.max(0, (of.goneMs ?? nowMs) - alert.sinceMs)
    messages.push({ kind, alert, occurrence: `${alert.name}-${of.seenMs}`, atMs: nowMs, lastedMs })
    of.toldMs = nowMs
    of.toldAffected = alert.affected
  }

  for (const [name, before] of Object.entries(known)) {
    if (conditions.some(condition => condition.name === name)) continue
    const silenced = silencedUntilMs(name)
    const kept = { ...before, alert: { ...before.alert, silencedUntilMs: silenced > nowMs ? silenced : null } }
    if (unknown(name) || (explained(name) && !kept.toldAfterwards)) {
      remembered[name] = kept
      continue
    }
    kept.goneMs ??= nowMs
    if (kept.openedMs === null) {
      kept.seenProbes -= UNSEEN_WEIGHT
      if (kept.seenProbes > 0) remembered[name] = kept
      continue
    }
    if (nowMs - kept.goneMs < quietMs(kept, closed[name], timing.everyMs)) {
      remembered[name] = kept
      continue
    }
    closed[name] = [...(closed[name] ?? []), nowMs]
    const wasTold = kept.toldMs !== null || (kept.toldAfterwards && kept.alert.silencedUntilMs === null)
    if (wasTold) tell('closed', kept)
  }

  for (const condition of conditions) {
    const { name } = condition
    const kept = seenAgain(known[name], condition, silencedUntilMs(name), nowMs)
    remembered[name] = kept
    if (explained(name) && !kept.toldAfterwards) {
      // Not judged on its own: what it was before stays, and it begins anew if it outlives its cause.
      if (kept.openedMs === null) kept.seenProbes = 0
      continue
    }
    if (kept.openedMs === null && kept.seenProbes >= condition.probes) kept.openedMs = nowMs
    if (kept.openedMs === null || kept.alert.silencedUntilMs !== null || kept.toldAfterwards) continue
    const more = kept.alert.affected.some(each => !kept.toldAffected.includes(each))
    if (kept.toldMs === null) tell('opened', kept)
    else if (nowMs - kept.toldMs >= timing.repeatMs) tell('repeated', kept)
    else if (more && nowMs - kept.toldMs >= MORE_EVERY_MS) tell('more', kept)
  }
  return { state: { remembered, closed }, messages }
}

/** The alerts that are open, worst and oldest first. */
export function openAlerts({ remembered }: AlertState): Alert[] {
  const rank = ({ severity }: Alert) => (severity === 'critical' ? 0 : 1)
  return Object.values(remembered)
    .filter(({ openedMs }) => openedMs !== null)
    .map(({ alert }) => alert)
    .sort((a, b) => rank(a) - rank(b) || a.sinceMs - b.sinceMs)
}

function seenAgain(before: Remembered | undefined, condition: Condition, silenced: number, nowMs: number): Remembered {
  const { name, severity, title, what, affected, next, page, explains, toldAfterwards = false } = condition
  const begun = before ?? {
    seenMs: nowMs,
    seenProbes: 0,
    longestPauseMs: 0,
    goneMs: null,
    openedMs: null,
    toldMs: null,
    toldAffected: [],
  }
  const sinceMs = before?.alert.sinceMs ?? condition.sinceMs ?? nowMs
  const silencedUntilMs = silenced > nowMs ? silenced : null
  return {
    ...begun,
    alert: { name, severity, title, what, sinceMs, affected, next, page, silencedUntilMs },
    toldAfterwards,
    explains,
    lastSeenMs: nowMs,
    seenProbes: begun.seenProbes + 1,
    longestPauseMs: Math.max(begun.longestPauseMs, nowMs - (begun.goneMs ?? nowMs)),
    goneMs: null,
  }
}

/** A clock that was set back: what it said was later is taken for now, or nothing would be told until it is later again. */
function notAhead(remembered: AlertState['remembered'], nowMs: number): AlertState['remembered'] {
  const atMost = (ms: number | null) => (ms === null ? null : Math.min(ms, nowMs))
  const entries = Object.entries(remembered).map(([name, before]) => {
    const { toldMs, goneMs } = before
    return [name, { ...before, toldMs: atMost(toldMs), goneMs: atMost(goneMs) }]
  })
  return Object.fromEntries(entries)
}

function doesExplain({ explains }: Pick<Condition, 'explains'>, name: string): boolean {
  return explains === 'all others' || explains.includes(name)
}

/** How long something must be gone before it is called over. */
function quietMs({ longestPauseMs }: Remembered, closed: readonly number[] | undefined, everyMs: number): number {
  const flaps = closed?.length ?? 0
  const onceMs = Math.max((GONE_PROBES - 1) * everyMs, PAUSES * longestPauseMs)
  return Math.min(Math.max(QUIET_MS_MAX, everyMs), onceMs * 2 ** flaps)
}

function recentlyClosed(closed: AlertState['closed'], nowMs: number): Record<string, readonly number[]> {
  const recent = Object.entries(closed).map(([name, times]) => [
    name,
    times.filter(at => Math.abs(nowMs - at) < FLAPPING_MS),
  ])
  return Object.fromEntries(recent.filter(([, times]) => times!.length > 0))
}
