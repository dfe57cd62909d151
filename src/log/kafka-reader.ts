import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordsBatch } from '@platformatic/kafka'
import { TickhouseError } from '../errors.ts'
import type { Fetcher, Waiting } from './kafka-fetcher.ts'
import { entriesOf, type Place } from './kafka-message.ts'
import type { Bounds, LogEntry } from './log.ts'
import { logBehind, offsetGone } from './offset-errors.ts'

/** A slice holds at most so many bytes of payload, or one record. */
const SLICE_BYTES_MAX = 4 * 2 ** 20

const ASK_AGAIN_MS = 500

export interface ReadOptions {
  fetcher: Fetcher
  topic: string
  topicPartition: number
  kind: string
  partition: number
  from: number
  signal: AbortSignal
  /** As known now. */
  bounds: () => Bounds
  /** Asks the brokers. Throws TickhouseErrors. */
  refresh: () => Promise<Bounds>
}

/**
 * Reads a partition until the signal aborts, slice by slice: while one is worked on, the next is fetched. Brokers that cannot be
 * reached are waited for. Throws `log_offset_gone`, `log_behind_store`, `data_corrupt`, `log_refused`, and the signal's reason where that is one.
 */
export async function* readPartition(options: ReadOptions): AsyncGenerator<LogEntry[], void> {
  const { fetcher, topic, topicPartition, kind, partition, from, signal, bounds } = options
  const place: Place = { kind, partition, next: from, lastMs: 0 }
  const slices: LogEntry[][] = []
  let failure: TickhouseError | undefined
  let outOfRange = false
  let wake: () => void = () => {}
  const waiting: Waiting = {
    topic,
    partition: topicPartition,
    next: from,
    found: (batches: RecordsBatch[]) => {
      slices.push(...sliced(entriesOf(batches, place)))
      waiting.next = place.next
      // Batches wholly before the offset asked for hold nothing new.
      if (slices.length === 0) fetcher.want(waiting)
      wake()
    },
    outOfRange: () => {
      outOfRange = true
      wake()
    },
    unreadable: error => {
      failure = error instanceof TickhouseError ? error : unreadable(partition, place.next, error)
      wake()
    },
  }
  const awake = (): void => wake()
  signal.addEventListener('abort', awake)
  try {
    while (!signal.aborted) {
      if (failure) throw failure
      const slice = slices.shift()
      if (slice) {
        // Fetched before it was trimmed: who reads must know what is gone.
        if (slice[0]!.offset < bounds().first) throw offsetGone(partition, slice[0]!.offset, bounds().first)
        if (slices.length === 0) fetcher.want(waiting)
        yield slice
        continue
      }
      if (outOfRange) {
        outOfRange = false
        await checkRangeWhenKnown(options, place.next)
      }
      fetcher.want(waiting)
      await new Promise<void>(resolve => {
        wake = resolve
        if (signal.aborted || failure || outOfRange || slices.length > 0) resolve()
      })
    }
    if (signal.reason instanceof TickhouseError) throw signal.reason
  } finally {
    signal.removeEventListener('abort', awake)
    fetcher.forget(waiting)
  }
}

/** The brokers have just said that the offset is not there: which side of it the log lies on is asked until it is known. */
async function checkRangeWhenKnown({ partition, refresh, signal }: ReadOptions, offset: number): Promise<void> {
  for (;;) {
    try {
      checkRange(partition, offset, await refresh())
      return
    } catch (error) {
      if (!(error instanceof TickhouseError) || !error.retryable) throw error
    }
    await sleep(ASK_AGAIN_MS, undefined, { signal }).catch(() => {})
    if (signal.aborted) return
  }
}

/** Throws where the offset is not in the log, nor the next to come. */
export function checkRange(partition: number, offset: number, bounds: Bounds): void {
  if (offset < bounds.first) throw offsetGone(partition, offset, bounds.first)
  if (offset <= bounds.next) return
  throw logBehind(partition, offset, bounds.next, 'look whether the cluster lost records or the topic was replaced')
}

function sliced(entries: LogEntry[]): LogEntry[][] {
  const slices: LogEntry[][] = []
  let bytes = 0
  let from = 0
  for (const [index, { payload }] of entries.entries()) {
    if (index > from && bytes + payload.byteLength > SLICE_BYTES_MAX) {
      slices.push(entries.slice(from, index))
      from = index
      bytes = 0
    }
    bytes += payload.byteLength
  }
  if (from < entries.length) slices.push(from === 0 ? entries : entries.slice(from))
  return slices
}

function unreadable(partition: number, offset: number, cause: unknown): TickhouseError {
  return new TickhouseError(
    'data_corrupt',
    `partition ${partition} from offset ${offset} on cannot be read: ${(cause as Error).message}`,
    'Look at it with kafka-dump-log.sh; what was stored already is not affected.',
    { cause },
  )
}
