/** What is wrong with the live portfolios of the lab: pure. */
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

const clock = (ms: number) => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`

export function ofVerifications(unverified: readonly Unverified[]): Draft[] {
  const [first] = unverified
  if (!first) return []
  return [
    {
      name: 'lab_unverified',
      severity: 'warning',
      title:
        unverified.length === 1
          ? `The live run ${first.run} is not verified`
          : `${unverified.length} live runs are not verified`,
      what: unverified
        .map(
          ({ run, portfolio, playedUntilMs, verifiedUntilMs }) =>
            `${portfolio}, run ${run}: nobody compared its rows from ${clock(verifiedUntilMs)} to ${clock(playedUntilMs)}.`,
        )
        .join(' '),
      next: `Verify it by hand: tickhouse lab verify ${first.run}. A run is verified every night by tickhouse lab start alone: start it again, or end it.`,
      sinceMs: Math.min(...unverified.map(({ dueMs }) => dueMs)),
      affected: unverified.map(({ run }) => run),
      probes: 1,
    },
  ]
}

export function ofReplays(differing: readonly Differing[]): Draft[] {
  const [first] = differing
  if (!first) return []
  return [
    {
      name: 'lab_differs',
      severity: 'warning',
      title:
        differing.length === 1
          ? `The live run ${first.run} does not equal its replay`
          : `${differing.length} live runs do not equal their replays`,
      what: differing.map(({ run, portfolio, difference }) => `${portfolio}, run ${run}: ${difference}.`).join(' '),
      next: `Print the first rows that differ: tickhouse lab verify ${first.run}. Until they are explained, its results are not those of its ticks.`,
      sinceMs: Math.min(...differing.map(({ atMs }) => atMs)),
      affected: differing.map(({ run }) => run),
      probes: 1,
    },
  ]
}

export function ofLab(off: readonly SwitchedOff[]): Draft[] {
  const [first] = off
  if (!first) return []
  const names = off.map(({ portfolio, strategy }) => `${portfolio}/${strategy}`)
  return [
    {
      name: 'lab_limit',
      severity: 'warning',
      title:
        off.length === 1
          ? `A limit switched off the strategy ${names[0]}`
          : `Limits switched off ${off.length} strategies`,
      what: off
        .map(({ limit, value, bound }, at) =>
          limit === 'kill_switch'
            ? `The kill switch closed ${names[at]}.`
            : `${names[at]} reached ${limit}: ${rounded(value)}, the limit is ${rounded(bound)}.`,
        )
        .join(' '),
      next: 'Its positions are closed, on paper. After daily_loss it trades again the next UTC day; otherwise end the run: tickhouse lab stop.',
      sinceMs: Math.min(...off.map(({ atMs }) => atMs)),
      affected: names,
      probes: 1,
    },
  ]
}

const rounded = (value: number) => String(Number(value.toPrecision(6)))
