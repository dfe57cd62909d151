/** What is wrong with the live portfolios of the lab: pure. */
import { minuteText } from '../../clock.ts'
import type { Draft } from './draft.ts'

/** A strategy of a live run on paper that a limit closed and switched off. */
export interface SwitchedOff {
  portfolio: string
  strategy: string
  /** As in table `lab_limits`. */
  limit: string
  value: number
  bound: number
  atMs: number
}

/** A live run that, played again, does not give what it wrote. */
export interface Differing {
  run: string
  portfolio: string
  /** Where, by table. */
  difference: string
  atMs: number
}

/** A live run of which a UTC day is over, and was not verified in time. */
export interface Unverified {
  run: string
  portfolio: string
  /** Its last tick that was played, about. */
  playedUntilMs: number
  /** Rows before it were compared; of a run that was never verified, its beginning. */
  verifiedUntilMs: number
  /** It should have been verified by then. */
  dueMs: number
}

/** A strategy of a live run whose model is played with other features than those of its training. */
export interface Drifted {
  portfolio: string
  strategy: string
  /** Each feature, and `probability`, that is beyond the bound, with its newest population stability index. */
  features: readonly { name: string; index: number }[]
  bound: number
  /** The newest. */
  atMs: number
}

export function ofDrift(drifted: readonly Drifted[]): Draft[] {
  return warningOf(drifted, {
    name: 'lab_drift',
    title: strategy => `The model of ${nameOf(strategy)} is played with other features than it was trained with`,
    titleOfMany: `Models of ${drifted.length} strategies are played with other features than they were trained with`,
    what: ({ features, bound, ...strategy }) => {
      const indices = features.map(({ name, index }) => `${name} ${rounded(index)}`)
      return `${nameOf(strategy)}: population stability index of ${indices.join(', ')}, the bound is ${rounded(bound)}.`
    },
    next: () => 'Train it again on newer ticks, and play the new one in shadow first: docs/lab-models.md.',
    sinceMs: ({ atMs }) => atMs,
    affected: nameOf,
  })
}

export function ofVerifications(unverified: readonly Unverified[]): Draft[] {
  return warningOf(unverified, {
    name: 'lab_unverified',
    title: ({ run }) => `The live run ${run} is not verified`,
    titleOfMany: `${unverified.length} live runs are not verified`,
    what: ({ run, portfolio, playedUntilMs, verifiedUntilMs }) =>
      `${portfolio}, run ${run}: nobody compared its rows from ${minuteText(verifiedUntilMs)} to ${minuteText(playedUntilMs)}.`,
    next: ({ run }) =>
      `Verify it by hand: tickhouse lab verify ${run}. A run is verified every night by tickhouse lab start alone: start it again, or end it.`,
    sinceMs: ({ dueMs }) => dueMs,
    affected: ({ run }) => run,
  })
}

export function ofReplays(differing: readonly Differing[]): Draft[] {
  return warningOf(differing, {
    name: 'lab_differs',
    title: ({ run }) => `The live run ${run} does not equal its replay`,
    titleOfMany: `${differing.length} live runs do not equal their replays`,
    what: ({ run, portfolio, difference }) => `${portfolio}, run ${run}: ${difference}.`,
    next: ({ run }) =>
      `Print the first rows that differ: tickhouse lab verify ${run}. Until they are explained, its results are not those of its ticks.`,
    sinceMs: ({ atMs }) => atMs,
    affected: ({ run }) => run,
  })
}

export function ofLab(off: readonly SwitchedOff[]): Draft[] {
  return warningOf(off, {
    name: 'lab_limit',
    title: strategy => `A limit switched off the strategy ${nameOf(strategy)}`,
    titleOfMany: `Limits switched off ${off.length} strategies`,
    what: strategy =>
      strategy.limit === 'kill_switch'
        ? `The kill switch closed ${nameOf(strategy)}.`
        : `${nameOf(strategy)} reached ${strategy.limit}: ${rounded(strategy.value)}, the limit is ${rounded(strategy.bound)}.`,
    next: () =>
      'Its positions are closed, on paper. After daily_loss it trades again the next UTC day; otherwise end the run: tickhouse lab stop.',
    sinceMs: ({ atMs }) => atMs,
    affected: nameOf,
  })
}

/** Texts of each; `next` is of the first. */
interface Texts<T> {
  name: string
  title: (only: T) => string
  titleOfMany: string
  what: (each: T) => string
  next: (first: T) => string
  sinceMs: (each: T) => number
  affected: (each: T) => string
}

/** One warning for all, at the first probe. None without any. */
function warningOf<T>(
  all: readonly T[],
  { name, title, titleOfMany, what, next, sinceMs, affected }: Texts<T>,
): Draft[] {
  const [first] = all
  if (!first) return []
  return [
    {
      ...{
        name,
        severity: 'warning',
        title: all.length === 1 ? title(first) : titleOfMany,
        next: next(first),
        probes: 1,
      },
      what: all.map(what).join(' '),
      sinceMs: Math.min(...all.map(sinceMs)),
      affected: all.map(affected),
    },
  ]
}

const nameOf = ({ portfolio, strategy }: Pick<SwitchedOff, 'portfolio' | 'strategy'>) => `${portfolio}/${strategy}`
const rounded = (value: number) => String(Number(value.toPrecision(6)))
