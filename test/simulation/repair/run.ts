/** Runs simulated repairs, many side by side: see ../run.ts. */
import type { RepairTally } from './faults.ts'
import { judgeRepair, type RepairJudgement } from './judge.ts'
import { RepairWorld } from './world.ts'

export interface RepairOutcome extends RepairJudgement {
  seed: number
  steps: number
  requests: number
  /** Requests during a ban that a kill had hidden from the process. */
  excused: number
  /** Of all that came to the log, and when. */
  trace: string
}

/** Runs one world to its end. The same seed gives the same steps. */
export async function runRepair(seed: number, tally: RepairTally): Promise<RepairOutcome> {
  const world = new RepairWorld(seed, tally)
  await turn()
  while (world.step()) await turn()
  const judgement = judgeRepair(world)
  world.end()
  if (world.broken) judgement.wrong.push(world.broken)
  const { requests, excused } = world.rest
  return { seed, steps: world.steps, requests, excused, trace: world.traceHash, ...judgement }
}

/** Runs the worlds of seeds `first`, `first + stride`, … below `end`, until `seen` says that it is enough. */
export async function runRepairs(
  [first, end, stride]: readonly [first: number, end: number, stride: number],
  tally: RepairTally,
  worldsAtOnce: number,
  seen: (outcome: RepairOutcome) => 'enough' | 'more',
): Promise<void> {
  let next = first
  let isEnough = false
  const line = async () => {
    while (next < end && !isEnough) {
      const seed = next
      next += stride
      if (seen(await runRepair(seed, tally)) === 'enough') isEnough = true
    }
  }
  await Promise.all(Array.from({ length: worldsAtOnce }, line))
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
