import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordsBatch } from '@platformatic/kafka'
import { TickhouseError } from '../../errors.ts'
import type { Bounds, LoggedRecord } from '../log.ts'
import { behindIsTruncated, logBehind, logTruncated, offsetGone } from '../offset-errors.ts'
import { recordHash } from '../record-hash.ts'
import type { Fetcher, PendingFetch } from './fetcher.ts'
import { type ReadPosition, recordsOf } from './message.ts'

/** Payload bytes per chunk; a larger record is a chunk of its own. */
const CHUNK_BYTES_MAX = 4 * 2 ** 20

const REFRESH_RETRY_MS = 500

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
  /** The last known bounds. */
  bounds: () => Bounds
  /** Fetches them from the brokers. Throws TickhouseErrors. */
  refresh: () => Promise<Bounds>
}

/**
 * Reads a partition in chunks until the signal aborts; fetches the next chunk while the reader processes one. Waits for
 * unreachable brokers. Throws `log_offset_gone`, `log_behind_store`, `log_truncated`, `data_corrupt`, `log_refused`, or
 * the signal's reason if that is a TickhouseError.
 */
export async function* readPartition(options: ReadOptions): AsyncGenerator<LoggedRecord[], void> {
  const { fetcher, topic, topicPartition, kind, partition, from, signal, bounds } = options
  const position: ReadPosition = {
    kind,
    partition,
    next: from,
    lastMs: 0,
    leaderEpoch: options.after?.leaderEpoch ?? -1,
  }
  let last = options.after
  const chunks: LoggedRecord[][] = []
  let failure: TickhouseError | undefined
  let outOfRange = false
  let wake: () => void = () => {}
  const pending: PendingFetch = {
    topic,
    partition: topicPartition,
    next: from,
    lastEpoch: position.leaderEpoch,
    onBatches: (batches: RecordsBatch[]) => {
      const records = recordsOf(batches, position)
      chunks.push(...splitIntoChunks(records))
      last = records.at(-1) ?? last
      pending.next = position.next
      pending.lastEpoch = position.leaderEpoch
      // Batches that end before the requested offset contain nothing new.
      if (chunks.length === 0) fetcher.add(pending)
      wake()
    },
    onOutOfRange: () => {
      outOfRange = true
      wake()
    },
    onDiverged: end => {
      failure = logTruncated(partition, position.next, lostByBrokers(end))
      wake()
    },
    onUnreadable: error => {
      failure = error instanceof TickhouseError ? error : unreadable(partition, position.next, error)
      wake()
    },
  }
  const awake = (): void => wake()
  signal.addEventListener('abort', awake)
  try {
    while (!signal.aborted) {
      if (failure) throw failure
      const chunk = chunks.shift()
      if (chunk) {
        // Fetched, then trimmed: the reader must learn which records are gone.
        if (chunk[0]!.offset < bounds().first) throw offsetGone(partition, chunk[0]!.offset, bounds().first)
        if (chunks.length === 0) fetcher.add(pending)
        yield chunk
        continue
      }
      if (outOfRange) {
        outOfRange = false
        await checkRangeWhenKnown(options, position.next).catch(error => {
          throw last ? behindIsTruncated(error, partition, position.next) : error
        })
        if (pending.lastEpoch >= 0 && last) await checkUnchanged(options, last)
        pending.lastEpoch = -1
      }
      fetcher.add(pending)
      await new Promise<void>(resolve => {
        wake = resolve
        if (signal.aborted || failure || outOfRange || chunks.length > 0) resolve()
      })
    }
    if (signal.reason instanceof TickhouseError) throw signal.reason
  } finally {
    signal.removeEventListener('abort', awake)
    fetcher.cancel(pending)
  }
}

/**
 * The offset is within the log, but the brokers do not know the epoch of the record before it: reads that record again
 * and compares. Throws `log_truncated` if it differs; a trimmed record cannot be compared.
 */
async function checkUnchanged(options: ReadOptions, last: LoggedRecord): Promise<void> {
  const again = await recordAt(options, last.offset)
  if (!again || recordHash(again) === recordHash(last)) return
  throw logTruncated(options.partition, last.offset + 1, lostByBrokers(last.offset))
}

/** Reads one record; undefined if it was trimmed or the signal aborted. */
export async function recordAt(options: Omit<ReadOptions, 'from' | 'after'>, offset: number) {
  try {
    for await (const chunk of readPartition({ ...options, from: offset, after: undefined })) return chunk[0]
  } catch (error) {
    if (!(error instanceof TickhouseError) || error.code !== 'log_offset_gone') throw error
  }
  return undefined
}

/** The brokers reported the offset out of range: fetches the bounds, until they answer, to find out on which side. */
async function checkRangeWhenKnown({ partition, refresh, signal }: ReadOptions, offset: number): Promise<void> {
  for (;;) {
    try {
      checkRange(partition, offset, await refresh())
      return
    } catch (error) {
      if (!(error instanceof TickhouseError) || !error.retryable) throw error
    }
    await sleep(REFRESH_RETRY_MS, undefined, { signal }).catch(() => {})
    if (signal.aborted) return
  }
}

/** Throws if the offset is neither in the log nor the next one. */
export function checkRange(partition: number, offset: number, bounds: Bounds): void {
  if (offset < bounds.first) throw offsetGone(partition, offset, bounds.first)
  if (offset <= bounds.next) return
  throw logBehind(partition, offset, bounds.next, 'check if the cluster lost records or the topic was replaced')
}

function splitIntoChunks(records: LoggedRecord[]): LoggedRecord[][] {
  const chunks: LoggedRecord[][] = []
  let bytes = 0
  let from = 0
  for (const [index, { payload }] of records.entries()) {
    if (index > from && bytes + payload.byteLength > CHUNK_BYTES_MAX) {
      chunks.push(records.slice(from, index))
      from = index
      bytes = 0
    }
    bytes += payload.byteLength
  }
  if (from < records.length) chunks.push(from === 0 ? records : records.slice(from))
  return chunks
}

function unreadable(partition: number, offset: number, cause: unknown): TickhouseError {
  return new TickhouseError(
    'data_corrupt',
    `cannot read partition ${partition} from offset ${offset} on: ${(cause as Error).message}`,
    'Inspect it with kafka-dump-log.sh; ticks stored before are not affected.',
    { cause },
  )
}
