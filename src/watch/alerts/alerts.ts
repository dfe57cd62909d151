/**
 * From the conditions of each probe to messages for a person: pure, so that a test can play a month of probes. A
 * condition becomes an alert once it has lasted for some probes, or has come back often enough. An alert is sent when
 * it opens, again at intervals, and once more when it closes. A condition that follows from another is not sent beside
 * it.
 */
import type { Alert, Severity } from '../../status/watch-report.ts'

/** Something that is wrong at this probe, sent or not. */
export interface Condition {
  name: string
  severity: Severity
  title: string
  what: string
  /** When it began, ms since 1970 UTC, if known; else the first probe that saw it counts. */
  sinceMs?: number
  affected: readonly string[]
  next: string
  page: string
  /** Probes that must see it: in a row, or more of them if others between did not. */
  probes: number
  /** Names of conditions that follow from this one. */
  explains: readonly string[] | 'all others'
  /** For so long after its cause is over, ms, it still follows from that. 0 if absent. */
  settleMs?: number
  /** Sent only when it is over, since nothing can be sent while it lasts; whatever else is wrong by then. */
  sentAfterwards?: boolean
}

export type MessageKind = 'opened' | 'repeated' | 'more' | 'closed'

/** A message for a person. */
export interface Message {
  kind: MessageKind
  alert: Alert
  /** The same for all messages about one incident: `house_down-1764000000000`. */
  incident: string
  atMs: number
  /** How long it has lasted. */
  lastedMs: number
}

/** A condition from probe to probe; JSON in the watcher's state file. */
export interface ConditionState {
  /** As it was last seen. */
  alert: Alert
  sentAfterwards: boolean
  explains: Condition['explains']
  /** The first and the last probe of this incident that saw it. */
  seenMs: number
  lastSeenMs: number
  /** Probes that saw it, less `UNSEEN_WEIGHT` for each that did not. */
  seenProbes: number
  /** The last probe at which it followed from another condition; absent if none. */
  explainedMs?: number
  /** The longest time that it was gone before it came back, in this incident. */
  longestPauseMs: number
  /** When it became an alert; null before that. */
  openedMs: number | null
  /** The first probe that no longer saw it; null while it is seen. */
  goneMs: number | null
  /** When a message about it was last sent; null if never. */
  sentMs: number | null
  sentAffected: readonly string[]
}

export interface AlertState {
  conditions: Record<string, ConditionState>
  /** When each was closed, newest last: a condition that comes and goes is closed later and later. */
  closed: Record<string, readonly number[]>
}

export const NO_ALERTS: AlertState = { conditions: {}, closed: {} }

export interface Timing {
  everyMs: number
  repeatMs: number
}

/** Probes in a row that must not see it before it closes. */
export const GONE_PROBES = 2
/**
 * Subtracted for a probe that does not see it: a condition at every other probe is sent soon, one at every third or
 * fewer probes never.
 */
const UNSEEN_WEIGHT = 0.5
/** It closes after it was gone for this many times its longest pause. */
const PAUSES = 2
/** New names on an alert are sent at most this often. */
const MORE_EVERY_MS = 5 * 60_000
/** A condition that closed this recently and is back is flapping: each time, closing takes twice as long. */
const FLAPPING_MS = 60 * 60_000
const QUIET_MS_MAX = 30 * 60_000

export interface Step {
  conditions: readonly Condition[]
  /** Names that this probe could not evaluate: they stay as they are. */
  unknown: (name: string) => boolean
  /** Until when messages about a name are suppressed, ms since 1970 UTC; 0 if they are not. */
  silencedUntilMs: (name: string) => number
  nowMs: number
}

/** Applies the conditions of one probe. */
export function step(
  state: AlertState,
  { conditions, unknown, silencedUntilMs, nowMs }: Step,
  timing: Timing,
): { state: AlertState; messages: Message[] } {
  const known = notAhead(state.conditions, nowMs)
  // An effect outlives its cause for a moment.
  const lingering = Object.values(known)
    .filter(({ openedMs, goneMs }) => openedMs !== null && nowMs - (goneMs ?? nowMs) <= GONE_PROBES * timing.everyMs)
    .map(({ alert, explains }) => ({ name: alert.name, explains }))
  const causes = [...conditions, ...lingering]
  const explained = (name: string) => causes.some(cause => cause.name !== name && doesExplain(cause, name))
  const states: Record<string, ConditionState> = {}
  const closed = recentlyClosed(state.closed, nowMs)
  const messages: Message[] = []
  const send = (kind: MessageKind, of: ConditionState) => {
    const { alert } = of
    const lastedMs = Math.max(0, (of.goneMs ?? nowMs) - alert.sinceMs)
    messages.push({ kind, alert, incident: `${alert.name}-${of.seenMs}`, atMs: nowMs, lastedMs })
    of.sentMs = nowMs
    of.sentAffected = alert.affected
  }

  for (const [name, before] of Object.entries(known)) {
    if (conditions.some(condition => condition.name === name)) continue
    const silenced = silencedUntilMs(name)
    const next = { ...before, alert: { ...before.alert, silencedUntilMs: silenced > nowMs ? silenced : null } }
    if (unknown(name) || (explained(name) && !next.sentAfterwards)) {
      states[name] = next
      continue
    }
    next.goneMs ??= nowMs
    if (next.openedMs === null) {
      next.seenProbes -= UNSEEN_WEIGHT
      if (next.seenProbes > 0) states[name] = next
      continue
    }
    if (nowMs - next.goneMs < quietMs(next, closed[name], timing.everyMs)) {
      states[name] = next
      continue
    }
    closed[name] = [...(closed[name] ?? []), nowMs]
    const wasSent = next.sentMs !== null || (next.sentAfterwards && next.alert.silencedUntilMs === null)
    if (wasSent) send('closed', next)
  }

  for (const condition of conditions) {
    const { name } = condition
    const next = seenAgain(known[name], condition, silencedUntilMs(name), nowMs)
    states[name] = next
    if (explained(name)) next.explainedMs = nowMs
    const settles = next.openedMs === null && nowMs - (next.explainedMs ?? -Infinity) <= (condition.settleMs ?? 0)
    if ((explained(name) || settles) && !next.sentAfterwards) {
      // Not counted on its own: its state stays, and its probes are counted from 0 if it outlives its cause.
      if (next.openedMs === null) next.seenProbes = 0
      continue
    }
    if (next.openedMs === null && next.seenProbes >= condition.probes) next.openedMs = nowMs
    if (next.openedMs === null || next.alert.silencedUntilMs !== null || next.sentAfterwards) continue
    const more = next.alert.affected.some(each => !next.sentAffected.includes(each))
    if (next.sentMs === null) send('opened', next)
    else if (nowMs - next.sentMs >= timing.repeatMs) send('repeated', next)
    else if (more && nowMs - next.sentMs >= MORE_EVERY_MS) send('more', next)
  }
  return { state: { conditions: states, closed }, messages }
}

/** The open alerts: critical ones first, then the oldest. */
export function openAlerts({ conditions }: AlertState): Alert[] {
  const rank = ({ severity }: Alert) => (severity === 'critical' ? 0 : 1)
  return Object.values(conditions)
    .filter(({ openedMs }) => openedMs !== null)
    .map(({ alert }) => alert)
    .sort((a, b) => rank(a) - rank(b) || a.sinceMs - b.sinceMs)
}

function seenAgain(
  before: ConditionState | undefined,
  condition: Condition,
  silenced: number,
  nowMs: number,
): ConditionState {
  const { name, severity, title, what, affected, next, page, explains, sentAfterwards = false } = condition
  const begun = before ?? {
    seenMs: nowMs,
    seenProbes: 0,
    longestPauseMs: 0,
    goneMs: null,
    openedMs: null,
    sentMs: null,
    sentAffected: [],
  }
  const sinceMs = before?.alert.sinceMs ?? condition.sinceMs ?? nowMs
  const silencedUntilMs = silenced > nowMs ? silenced : null
  return {
    ...begun,
    alert: { name, severity, title, what, sinceMs, affected, next, page, silencedUntilMs },
    sentAfterwards,
    explains,
    lastSeenMs: nowMs,
    seenProbes: begun.seenProbes + 1,
    longestPauseMs: Math.max(begun.longestPauseMs, nowMs - (begun.goneMs ?? nowMs)),
    goneMs: null,
  }
}

/**
 * After a clock was set back, times ahead of now count as now: else nothing would be sent until they are reached again.
 */
function notAhead(conditions: AlertState['conditions'], nowMs: number): AlertState['conditions'] {
  const atMost = (ms: number | null) => (ms === null ? null : Math.min(ms, nowMs))
  const entries = Object.entries(conditions).map(([name, before]) => {
    const { sentMs, goneMs } = before
    return [name, { ...before, sentMs: atMost(sentMs), goneMs: atMost(goneMs) }]
  })
  return Object.fromEntries(entries)
}

function doesExplain({ explains }: Pick<Condition, 'explains'>, name: string): boolean {
  return explains === 'all others' || explains.includes(name)
}

/** How long a condition must be gone before it closes. */
function quietMs({ longestPauseMs }: ConditionState, closed: readonly number[] | undefined, everyMs: number): number {
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
