/** A thread that runs simulated repairs, with the source as it is or as a mutant. */
import { parentPort, workerData } from 'node:worker_threads'
import { edit } from '../mutants.ts'
import type { Task } from '../threads.ts'
import { noRepairFaults, type RepairTally } from './faults.ts'
import { REPAIR_MUTANTS } from './mutants.ts'

export interface RepairReport {
  worlds: number
  steps: number
  issued: number
  stored: number
  named: number
  requests: number
  excused: number
  tally: RepairTally
  /** The first few worlds that were not sound: their seeds and what was wrong. */
  unsound: { seed: number; wrong: string[] }[]
}

const UNSOUND_SHOWN = 10
const WORDS_SHOWN = 5
const WORLDS_AT_ONCE = 64
/** Where the first that is not sound ends it. */
const MUTANTS_AT_ONCE = 4

// Thousands of failures are simulated: where each was made takes longer than all else.
Error.stackTraceLimit = 0

const { first, end, stride, mutant } = workerData as Task
if (mutant !== undefined) edit(mutant, [REPAIR_MUTANTS[mutant]!])
const { runRepairs } = await import('./run.ts')

const counts = { worlds: 0, steps: 0, issued: 0, stored: 0, named: 0, requests: 0, excused: 0 }
const report: RepairReport = { ...counts, tally: noRepairFaults(), unsound: [] }
const atOnce = mutant === undefined ? WORLDS_AT_ONCE : MUTANTS_AT_ONCE
await runRepairs([first, end, stride], report.tally, atOnce, ({ seed, wrong, ...outcome }) => {
  report.worlds++
  for (const name of ['steps', 'issued', 'stored', 'named', 'requests', 'excused'] as const)
    report[name] += outcome[name]
  if (wrong.length === 0) return 'more'
  if (report.unsound.length < UNSOUND_SHOWN) report.unsound.push({ seed, wrong: wrong.slice(0, WORDS_SHOWN) })
  return mutant === undefined ? 'more' : 'enough'
})
parentPort!.postMessage(report)
