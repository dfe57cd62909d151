/** A condition as the rules write it, and its defaults. */
import { plainLine } from '../../plain-text.ts'
import type { Condition } from './alerts.ts'

export interface Draft extends Pick<Condition, 'name' | 'severity' | 'title' | 'what' | 'next'> {
  sinceMs?: number
  affected?: readonly string[]
  probes?: number
  sentAfterwards?: boolean
  settleMs?: number
  /** Names of conditions that follow from this one. */
  explains?: Condition['explains']
}

const AFFECTED_MAX = 50
export const NAME_LENGTH_MAX = 100
const TITLE_LENGTH_MAX = 200
/** The instance rejects longer ones in a report. */
const WHAT_LENGTH_MAX = 2_000

export function complete({ affected = [], probes = 2, explains = [], title, what, ...draft }: Draft): Condition {
  return {
    ...draft,
    title: plainLine(title, TITLE_LENGTH_MAX),
    what: plainLine(what, WHAT_LENGTH_MAX),
    affected: affected.slice(0, AFFECTED_MAX).map(each => plainLine(each, NAME_LENGTH_MAX)),
    probes,
    page: `docs/watch.md#${draft.name}`,
    explains,
  }
}
