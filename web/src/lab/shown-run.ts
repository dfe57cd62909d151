/** Which run of the lab is shown, and the words of its states: no drawing. */
import { signal } from '@preact/signals'
import type { LabRun, LabStrategy } from '../../../src/serve/lab/protocol.ts'
import { show, view } from '../view.ts'

/** As the server lists them: live ones first; null before the first answer. */
export const runs = signal<LabRun[] | null>(null)

/** A live run writes its state once a minute; later than this its process does not run. */
const PAUSED_AFTER_MS = 180_000

/** The name of the run in the address, or of the first one; null if there is none. */
export function shownName(list: readonly LabRun[] | null, chosen: string | null): string | null {
  return chosen || (list?.[0]?.run ?? null)
}

/** To the next or previous run of the list. */
export function moveInRuns(by: 1 | -1): void {
  const list = runs.peek() ?? []
  const at = list.findIndex(({ run }) => run === shownName(list, view.peek().lab))
  const next = list[Math.min(list.length - 1, Math.max(0, at + by))]
  if (next) show({ lab: next.run }, 'replace')
}

export const isLive = ({ mode, state }: LabRun): boolean =>
  mode === 'live' && (state === 'running' || state === 'ending')

export function stateOf(run: LabRun, nowMs: number): 'live' | 'paused' | 'ending' | 'ended' | 'stopped' | 'running' {
  if (!isLive(run)) return run.state
  if (run.state === 'ending') return 'ending'
  return nowMs - run.writtenAtMs > PAUSED_AFTER_MS ? 'paused' : 'live'
}

/** Sums of all strategies: each has an account of its own, in one currency. */
export function totalOf(strategies: readonly LabStrategy[]): { capital: number; equity: number; fees: number } {
  const sum = (of: (each: LabStrategy) => number) => strategies.reduce((all, each) => all + of(each), 0)
  return { capital: sum(each => each.capital), equity: sum(each => each.equity), fees: sum(each => each.fees) }
}

export type Badge = { kind: 'ok' | 'trouble' | 'idle'; text: string; title: string }

/** Whether the run, played again, gave the same rows. */
export function badgeOf({ verification }: LabRun): Badge {
  if (!verification) return { kind: 'idle', text: 'not verified yet', title: 'tickhouse lab verify plays it again' }
  const { difference, rows, untilMs, atMs } = verification
  const when = `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`
  const until = `${new Date(untilMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`
  const title = `played again on ${when}, up to ${until}: ${rows} rows equal`
  if (difference === '') return { kind: 'ok', text: 'equals its replay', title }
  return { kind: 'trouble', text: `differs: ${difference}`, title }
}
