import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordsBatch } from '@platformatic/kafka'
import { TickhouseError } from '../../errors.ts'
import type { Bounds, LoggedRecord } from '../log.ts'
import { behindIsTruncated, logBehind, logTruncated, offsetGone } from '../offset-errors.ts'
import { recordHash } from '../record-hash.ts'
import type { Fetcher, Waiting } from './fetcher.ts'
import { entriesOf, type Place } from './message.ts'

/** A slice holds at most so many bytes of payload, or one record. */
const SLICE_BYTES_MAX = 4 * 2 ** 20

const ASK_AGAIN_MS = 500

const lostByBrokers = (from: number) =>
  `the brokers lost records from offset ${from} on, by an unclean leader election or an older copy of their data`

export interface ReadOptions {
  fetcher: Fetcher
  topic: string
  topicPartition: number
  kind: string
  partition: number
  from: number
  /** The record before `from`, where the reader has it. */
  after: LoggedRecord | undefined
  signal: AbortSignal
  /** As known now. */
  bounds: () => Bounds
  /** Asks the brokers. Throws TickhouseErrors. */
  refresh: () => Promise<Bounds>
}

/**
 * Reads a partition until the signal aborts, slice by slice: while one is worked on, the next is fetched. Brokers that cannot be
 * reached are waited for. Throws `log_offset_gone`, `log_behind_store`, `log_truncated`, `data_corrupt`, `log_refused`, and the signal's reason where that is one.
 */
export async function* readPartition(options: ReadOptions): AsyncGenerator<LoggedRecord[], void> {
  const { fetcher, topic, topicPartition, kind, partition, from, signal, bounds } = options
  const place: Place = { kind, partition, next: from, lastMs: 0, leaderEpoch: options.after?.leaderEpoch ?? -1 }
  let last = options.after
  const slices: LoggedRecord[][] = []
  let failure: TickhouseError | undefined
  let outOfRange = false
  let wake: () => void = () => {}
  const waiting: Waiting = {
    topic,
    partition: topicPartition,
    next: from,
    lastEpoch: place.leaderEpoch,
    found: (batches: RecordsBatch[]) => {
      const entries = entriesOf(batches, place)
      slices.push(...sliced(entries))
      last = entries.at(-1) ?? last
      waiting.next = place.next
      waiting.lastEpoch = place.leaderEpoch
      // Batches wholly before the offset asked for hold nothing new.
      if (slices.length === 0) fetcher.want(waiting)
      wake()
    },
    outOfRange: () => {
      outOfRange = true
      wake()
    },
    diverged: end => {
      failure = logTruncated(partition, place.next, lostByBrokers(end))
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
        await checkRangeWhenKnown(options, place.next).catch(error => {
          throw last ? behindIsTruncated(error, partition, place.next) : error
        })
        if (waiting.lastEpoch >= 0 && last) await checkSame(options, last)
        waiting.lastEpoch = -1
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

/**
 * The offset is within the log, but the brokers do not know the epoch of the record before it: it is read again and compared. Throws
 * `log_truncated`; one that was trimmed cannot be compared.
 */
async function checkSame(options: ReadOptions, last: LoggedRecord): Promise<void> {
  const again = await recordAt(options, last.offset)
  if (!again || recordHash(again) === recordHash(last)) return
  throw logTruncated(options.partition, last.offset + 1, lostByBrokers(last.offset))
}

/** Reads one record; undefined if it was trimmed, or the signal aborted before. */
export async function recordAt(options: Omit<ReadOptions, 'from' | 'after'>, offset: number) {
  try {
    for await (const slice of readPartition({ ...options, from: offset, after: undefined })) return slice[0]
  } catch (error) {
    if (!(error instanceof TickhouseError) || error.code !== 'log_offset_gone') throw error
  }
  return undefined
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

function sliced(entries: LoggedRecord[]): LoggedRecord[][] {
  const slices: LoggedRecord[][] = []
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
