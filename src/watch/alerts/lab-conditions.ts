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
