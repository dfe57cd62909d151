/** Runs worlds, many side by side: the microtasks of a step have all run when the next turn of the event loop begins. */
import type { Tally } from './faults.ts'
import { type Judgement, judge } from './judge.ts'
import { World } from './world.ts'

const WORLDS_AT_ONCE = 64

export interface Outcome extends Judgement {
  seed: number
  steps: number
}

export const isSound = ({ lost, doubled, wrong }: Judgement): boolean => lost + doubled + wrong.length === 0

/** Runs one world to its end. The same seed gives the same steps. */
export async function runWorld(seed: number, tally: Tally): Promise<Outcome> {
  const world = new World(seed, tally)
  await turn()
  while (world.step()) await turn()
  const judgement = judge(world.broker, world.server.tables, partition => world.stopped(partition))
  world.end()
  if (world.broken) judgement.wrong.push(world.broken)
  return { seed, steps: world.steps, ...judgement }
}

/** Runs the worlds of seeds `first`, `first + stride`, … below `end`; `seen` may say that it is enough. */
export async function runWorlds(
  first: number,
  end: number,
  stride: number,
  tally: Tally,
  seen: (outcome: Outcome) => 'enough' | 'more',
): Promise<void> {
  let next = first
  let enough = false
  const line = async () => {
    while (next < end && !enough) {
      const seed = next
      next += stride
      if (seen(await runWorld(seed, tally)) === 'enough') enough = true
    }
  }
  await Promise.all(Array.from({ length: WORLDS_AT_ONCE }, line))
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
