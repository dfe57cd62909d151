import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Bench, Contestant, Sample } from './contract.ts'

const ENTRY = fileURLToPath(new URL('./round.ts', import.meta.url))
/** UV_THREADPOOL_SIZE as `tickhouse start` sets it: threads for the engine and the disk. */
const THREADS = '16'

export type Samples = Map<string, Sample[]>

/** Runs all rounds of a bench, interleaved; every second one in reverse order, so that none always follows the same. */
export async function runRounds(bench: Bench, onProgress: (line: string) => void): Promise<Samples> {
  const samples: Samples = new Map(bench.contestants.map(({ name }) => [name, []]))
  for (let round = 0; round < bench.rounds; round++) {
    const order = round % 2 === 0 ? bench.contestants : bench.contestants.toReversed()
    for (const contestant of order) {
      onProgress(`${bench.name}: round ${round + 1} of ${bench.rounds}, ${contestant.name}`)
      samples.get(contestant.name)!.push(await runRound(bench, contestant))
    }
  }
  return samples
}

/** Runs a round in a new process. `flags` are Node's. */
export async function runRound(bench: Bench, { name }: Contestant, flags: readonly string[] = []): Promise<Sample> {
  const child = fork(ENTRY, [bench.name, name], {
    execArgv: [...flags],
    env: { ...process.env, UV_THREADPOOL_SIZE: THREADS },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  let sample: Sample | undefined
  child.on('message', message => {
    sample = message as Sample
  })
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  if (!sample) throw new Error(`${bench.name} ${name} ended without a result (${signal ?? `code ${code}`})`)
  return sample
}
