/** Merges the ticks of all kinds by time. Each kind has a reader of chunks; the next chunk is read while one is sent. */
import { type ReplayColumns, timesOf } from './stored-ticks.ts'

/** Rows `start` to `end`-1 of columns. */
export interface TickRun {
  ticks: ReplayColumns
  start: number
  end: number
}

/** Yields chunks in order of time. A chunk is valid until the second `next()` after the one that returned it. */
export type ChunkReader = AsyncGenerator<ReplayColumns, void>

/** Beyond any time in ns. */
const END_OF_TIME = 2n ** 63n - 1n

/** One kind: its chunk and the next row of it. */
interface Stream {
  readonly reader: ChunkReader
  coming: Settled<IteratorResult<ReplayColumns, void>> | undefined
  ticks: ReplayColumns | undefined
  times: BigInt64Array
  row: number
}

export class Timeline {
  readonly #streams: readonly Stream[]
  readonly #timesOf: (ticks: ReplayColumns) => BigInt64Array

  /** Of ticks of one time, those of the first reader come first. `times` are those that order the ticks, ns since 1970 UTC. */
  constructor(readers: readonly ChunkReader[], times = timesOf) {
    this.#timesOf = times
    this.#streams = readers.map(reader => ({
      reader,
      coming: settled(reader.next()),
      ticks: undefined,
      times: new BigInt64Array(0),
      row: 0,
    }))
  }

  /** Time of the next tick, ns since 1970 UTC; undefined after the last. Runs taken before are no longer valid. */
  async next(): Promise<bigint | undefined> {
    for (const stream of this.#streams) await load(stream, this.#timesOf)
    return this.#earliest()?.time
  }

  /** The next ticks up to a time, undefined for all, in order: at most `ticksMax`, and none of a chunk that is not loaded yet. */
  take(untilNanos: bigint | undefined, ticksMax: number): TickRun[] {
    const runs: TickRun[] = []
    for (let left = ticksMax; left > 0; ) {
      const { stream, time, bound } = this.#earliest() ?? {}
      if (!stream?.ticks || (untilNanos !== undefined && time! > untilNanos)) break
      const last = untilNanos !== undefined && untilNanos < bound! ? untilNanos : bound!
      const start = stream.row
      const end = rowAfter(stream.times, start, Math.min(start + left, stream.ticks.length), last)
      runs.push({ ticks: stream.ticks, start, end })
      stream.row = end
      left -= end - start
      if (end === stream.ticks.length) break
    }
    return runs
  }

  async close(): Promise<void> {
    for (const { reader } of this.#streams) await reader.return()
  }

  /** The stream with the next tick, and the time up to which its ticks precede those of the others. */
  #earliest(): { stream: Stream; time: bigint; bound: bigint } | undefined {
    let earliest: Stream | undefined
    let time = 0n
    let bound = END_OF_TIME
    for (const stream of this.#streams) {
      if (!stream.ticks || stream.row === stream.ticks.length) continue
      const here = stream.times[stream.row]!
      if (!earliest || here < time) {
        // A stream before this one precedes it at the same time.
        if (earliest && time - 1n < bound) bound = time - 1n
        earliest = stream
        time = here
      } else if (here < bound) bound = here
    }
    return earliest && { stream: earliest, time, bound }
  }
}

/** Makes the next chunk the current one, where that is exhausted. */
async function load(stream: Stream, times: (ticks: ReplayColumns) => BigInt64Array): Promise<void> {
  if (!stream.coming || (stream.ticks && stream.row < stream.ticks.length)) return
  const { value: ticks, done } = await unwrapped(stream.coming)
  stream.ticks = done ? undefined : ticks!
  stream.times = stream.ticks ? times(stream.ticks) : stream.times
  stream.row = 0
  stream.coming = done ? undefined : settled(stream.reader.next())
}

/** The row after the last one, from `start` on and below `end`, whose time is at most `last`: times rise. `start` is one of them. */
function rowAfter(times: BigInt64Array, start: number, end: number, last: bigint): number {
  let low = start + 1
  let step = 1
  // In steps that double: most runs are short where two kinds alternate.
  while (low + step < end && times[low + step]! <= last) {
    low += step
    step *= 2
  }
  let high = Math.min(low + step, end)
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle]! <= last) low = middle + 1
    else high = middle
  }
  return low
}

type Settled<T> = Promise<{ result: T } | { error: unknown }>

/** Defers a promise's rejection until `unwrapped`, so that it is never unhandled. */
function settled<T>(promise: Promise<T>): Settled<T> {
  return promise.then(
    result => ({ result }),
    error => ({ error }),
  )
}

async function unwrapped<T>(promise: Settled<T>): Promise<T> {
  const outcome = await promise
  if ('error' in outcome) throw outcome.error
  return outcome.result
}
