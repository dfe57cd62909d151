/** What may go wrong in a simulated world, how often it did, and how likely each step fails while it may. */
export const FAULTS = [
  'process killed',
  'process stood still',
  'process ended by an unforeseen error',
  'partition moved',
  'clock stepped',
  'log clock days off',
  'store down',
  'request failed before its effect',
  'answer lost after the effect',
  'effect after the timeout',
  'log unreadable',
  'records trimmed before stored',
  'group offsets changed',
  'log put back from an older copy',
  'records lost by an unclean election',
  'records replaced before they were read',
  'ids began again',
  'absurd id',
  'trade repeated with another price',
] as const
export type Fault = (typeof FAULTS)[number]

export type Tally = Record<Fault, number>

export const noFaults = (): Tally => Object.fromEntries(FAULTS.map(fault => [fault, 0])) as Tally

/** The likelihood of each fault of one request, 0 when faults are off. */
export interface Odds {
  failed: number
  answerLost: number
  late: number
  unreadable: number
  unforeseen: number
}

export const CALM: Odds = { failed: 0, answerLost: 0, late: 0, unreadable: 0, unforeseen: 0 }
