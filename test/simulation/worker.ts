/** A thread that runs worlds, with ingest as it is or as a mutant. */
import { parentPort, workerData } from 'node:worker_threads'
import { noFaults, type Tally } from './faults.ts'
import { become } from './mutants.ts'
import type { Task } from './threads.ts'

export interface Report {
  worlds: number
  steps: number
  ticks: number
  lost: number
  doubled: number
  tally: Tally
  /** The first few worlds that were not sound: their seeds and what was wrong. */
  unsound: { seed: number; wrong: string[] }[]
}

const UNSOUND_SHOWN = 10

// Thousands of failures are simulated: where each was made is of no use, and takes longer than all else.
Error.stackTraceLimit = 0

const { first, end, stride, mutant } = workerData as Task
if (mutant) become(mutant)
const { isSound, runWorlds } = await import('./run.ts')

const report: Report = { worlds: 0, steps: 0, ticks: 0, lost: 0, doubled: 0, tally: noFaults(), unsound: [] }
await runWorlds(first, end, stride, report.tally, ({ seed, steps, ticks, lost, doubled, wrong, ...judgement }) => {
  report.worlds++
  report.steps += steps
  report.ticks += ticks
  report.lost += lost
  report.doubled += doubled
  if (isSound({ ticks, lost, doubled, wrong, ...judgement })) return 'more'
  if (report.unsound.length < UNSOUND_SHOWN)
    report.unsound.push({ seed, wrong: [`lost ${lost}, doubled ${doubled}`, ...wrong] })
  return mutant ? 'enough' : 'more'
})
parentPort!.postMessage(report)
