/**
 * A log record as a Kafka message: the payload is its value; kind, format, version and ticks are headers, and recorder where one is named. A message
 * without these headers comes from another program and contains JSON ticks. Every message becomes a record; ingest
 * refuses the invalid ones, by offset.
 */
import type { MessageRecord, RecordsBatch } from '@platformatic/kafka'
import { countJsonLines } from '../../tick/json.ts'
import { RECORD_VERSION } from '../../tick/records.ts'
import type { LoggedRecord, LogRecord } from '../log.ts'
import { logTime } from '../log-time.ts'

/** Bits of a batch's attributes (kafka.apache.org/documentation/#recordbatch). */
const LOG_APPEND_TIME = 8
const CONTROL = 32
/** Stands for a header that is not a whole number: no format has this version. */
const UNREADABLE = -1
/** Upper limit of the `ticks` header; a larger value is invalid. */
const TICKS_MAX = 2 ** 32

/** Any program may write the header. */
const RECORDER_LENGTH_MAX = 64

const NAMES = {
  kind: Buffer.from('kind'),
  format: Buffer.from('format'),
  version: Buffer.from('version'),
  ticks: Buffer.from('ticks'),
  recorder: Buffer.from('recorder'),
}

export function toMessage(topic: string, partition: number, record: LogRecord): MessageRecord {
  const { kind, format, version, ticks, recorder, payload } = record
  return {
    topic,
    partition,
    value: Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength),
    headers: new Map([
      [NAMES.kind, Buffer.from(kind)],
      [NAMES.format, Buffer.from(format)],
      [NAMES.version, Buffer.from(String(version))],
      [NAMES.ticks, Buffer.from(String(ticks))],
      ...(recorder ? [[NAMES.recorder, Buffer.from(recorder)] as const] : []),
    ]),
  }
}

/** Where a reader is in a partition. */
export interface ReadPosition {
  /** The kind of its topic. */
  kind: string
  partition: number
  next: number
  /** The log time of the record before `next`: see `logTime`. */
  lastMs: number
  /** Leader epoch of the record before `next`; -1 if not known. */
  leaderEpoch: number
}

/**
 * The records of fetched batches from `position.next` on, without holes: an offset without a message (a transaction
 * marker, a compacted message) becomes a placeholder that ingest refuses. Advances `position`.
 */
export function recordsOf(batches: readonly RecordsBatch[], position: ReadPosition): LoggedRecord[] {
  const records: LoggedRecord[] = []
  for (const batch of batches) {
    const base = Number(batch.firstOffset)
    const control = (batch.attributes & CONTROL) !== 0
    const appendedMs = (batch.attributes & LOG_APPEND_TIME) !== 0 ? Number(batch.maxTimestamp) : undefined
    for (const record of batch.records) {
      const offset = base + record.offsetDelta
      // A fetch returns whole batches: the first may start before the requested offset.
      if (offset < position.next) continue
      while (position.next < offset) records.push(placeholder(position))
      if (control) {
        records.push(placeholder(position))
        continue
      }
      const timestampMs = appendedMs ?? Number(batch.firstTimestamp + record.timestampDelta)
      position.lastMs = logTime(position.lastMs, timestampMs)
      records.push({
        ...recordOf(record, position.kind),
        partition: position.partition,
        offset,
        timestampMs: position.lastMs,
        writtenMs: timestampMs,
        leaderEpoch: batch.partitionLeaderEpoch,
      })
      position.next = offset + 1
    }
    const below = base + batch.lastOffsetDelta + 1
    while (position.next < below) records.push(placeholder(position))
    if (position.next === below) position.leaderEpoch = batch.partitionLeaderEpoch
  }
  return records
}

function placeholder(position: ReadPosition): LoggedRecord {
  const { partition, next: offset, lastMs: timestampMs } = position
  position.next += 1
  const payload = new Uint8Array(0)
  return {
    partition,
    offset,
    timestampMs,
    writtenMs: 0,
    kind: 'none',
    format: 'none',
    version: UNREADABLE,
    ticks: 0,
    payload,
  }
}

function recordOf({ value, headers }: RecordsBatch['records'][number], topicKind: string): LogRecord {
  const headerValues = new Map<string, string>()
  for (const [name, text] of headers) {
    const key = name?.toString()
    if (key !== undefined && Object.hasOwn(NAMES, key)) headerValues.set(key, text?.toString() ?? '')
  }
  // A copy: the value is a view of the socket's buffer, which is shared and not aligned.
  const payload = new Uint8Array(value ?? [])
  if (headerValues.size > 0) {
    const ticks = wholeNumber(headerValues.get('ticks'))
    const recorder = headerValues.get('recorder')?.slice(0, RECORDER_LENGTH_MAX)
    return {
      kind: headerValues.get('kind') ?? '',
      format: headerValues.get('format') ?? '',
      version: wholeNumber(headerValues.get('version')),
      ticks: ticks < 0 || ticks > TICKS_MAX ? 0 : ticks,
      ...(recorder && { recorder }),
      payload,
    }
  }
  if (value === null) return { kind: topicKind, format: 'tombstone', version: RECORD_VERSION, ticks: 0, payload }
  return { kind: topicKind, format: 'json', version: RECORD_VERSION, ticks: countJsonLines(payload), payload }
}

function wholeNumber(text: string | undefined): number {
  if (text === undefined || !/^\d{1,15}$/.test(text)) return UNREADABLE
  return Number(text)
}

/** Records after which older ones count half. */
const RECENT_RECORDS_MAX = 10_000

/** Mean ticks per record of a partition, over recent records: Kafka stores no counts. */
export class TicksPerRecord {
  #ticks = 0
  #records = 0

  add(ticks: number): void {
    this.#ticks += ticks
    this.#records += 1
    if (this.#records < RECENT_RECORDS_MAX) return
    this.#ticks /= 2
    this.#records /= 2
  }

  get mean(): number {
    return this.#ticks / Math.max(1, this.#records)
  }
}
