/** Simulated worlds on threads. */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

export const THREADS = Math.min(4, availableParallelism())

export interface Task {
  /** Seeds `first`, `first + stride`, … below `end`. */
  first: number
  end: number
  stride: number
  /** What the source is loaded as. Ends at the first world that is not sound. */
  mutant?: string | undefined
}

/** What a thread that runs `file` reports of its worlds. */
export function simulateIn<Report>(file: URL, task: Task): Promise<Report> {
  const { promise, resolve, reject } = Promise.withResolvers<Report>()
  const worker = new Worker(file, {
    workerData: task,
    // All objects of a world become garbage: a larger nursery halves the time.
    resourceLimits: { maxYoungGenerationSizeMb: 128 },
  })
  worker.once('message', resolve)
  worker.once('error', reject)
  worker.once('exit', () => reject(new Error('the worker ended without a report')))
  return promise
}
