/** Steps of a live run until it is stopped; a failed step is repeated. */
import { TickhouseError } from '../../errors.ts'
import type { RowWriter } from '../results/row-writer.ts'
import type { LabTable } from '../results/tables.ts'
import type { Live } from './live.ts'

export interface FollowOptions {
  live: Live
  writer: RowWriter
  /** Rows of this run in a table. */
  count: (table: LabTable) => Promise<number>
  /** Whether the run is to end: all positions are closed first. */
  isEnding: () => Promise<boolean>
  /** Called after each step. */
  onStep: () => Promise<void>
  /** A step that failed, and is tried again. */
  onFailure: (why: string) => void
  sleep: (signal: AbortSignal) => Promise<void>
  signal: AbortSignal
}

/** True if the run ended, false if it was stopped and can go on. Throws what a strategy throws. */
export async function follow(options: FollowOptions): Promise<boolean> {
  const { live, writer, signal, sleep } = options
  let failed = true
  while (!signal.aborted) {
    try {
      if (failed) {
        if (await resume(options)) return true
        failed = false
      } else {
        const ended = await live.step(await options.isEnding())
        await writer.flush()
        await options.onStep()
        if (ended) return true
      }
    } catch (error) {
      if (!(error instanceof TickhouseError)) throw error
      options.onFailure(error.message)
      failed = true
    }
    await sleep(signal).catch(() => {})
  }
  if (!failed) await writer.flush()
  return false
}

/** Plays what is written, in this run or in an earlier one. True if that has ended. Begins a run without a cut. */
async function resume({ live, writer, count }: FollowOptions): Promise<boolean> {
  await writer.recover(count)
  // A cut that was not written is made again, of what is stored by then.
  writer.discard('lab_cuts')
  const ended = await live.replay()
  if (live.next === 0) await live.begin()
  await writer.flush()
  return ended
}
