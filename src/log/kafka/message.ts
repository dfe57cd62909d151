/**
 * A log record as a Kafka message: the payload is its value, and headers say what it is. A message without our headers is another
 * program's: JSON ticks. Whatever a message holds, it becomes an entry: what makes no sense is refused by ingest, with its place.
 */
import type { MessageRecord, RecordsBatch } from '@platformatic/kafka'
import { countJsonLines } from '../../tick/json.ts'
import { RECORD_VERSION } from '../../tick/records.ts'
import type { LoggedRecord, LogRecord } from '../log.ts'
import { logTime } from '../log-time.ts'

/** Bits of a batch's attributes (kafka.apache.org/documentation/#recordbatch). */
const LOG_APPEND_TIME = 8
const CONTROL = 32
/** What a header that cannot be read counts as: no format has this version. */
const UNREADABLE = -1
/** The most a record can say it holds: more is no count of ticks. */
const TICKS_MAX = 2 ** 32

const NAMES = {
  kind: Buffer.from('kind'),
  format: Buffer.from('format'),
  version: Buffer.from('version'),
  ticks: Buffer.from('ticks'),
}

export function toMessage(topic: string, partition: number, record: LogRecord): MessageRecord {
  const { kind, format, version, ticks, payload } = record
  return {
    topic,
    partition,
    value: Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength),
    headers: new Map([
      [NAMES.kind, Buffer.from(kind)],
      [NAMES.format, Buffer.from(format)],
      [NAMES.version, Buffer.from(String(version))],
      [NAMES.ticks, Buffer.from(String(ticks))],
    ]),
  }
}

/** Where entries of a partition are read: the kind its topic is for, and what comes next. */
export interface Place {
  kind: string
  partition: number
  next: number
  /** The last time handed out: see `logTime`. */
  lastMs: number
  /** Of the record before `next`; -1 if not known. */
  leaderEpoch: number
}

/**
 * The entries of fetched batches from `place.next` on, dense: an offset without a record (a transaction's marker, a message
 * that was compacted away) becomes an entry that is refused. Moves the place on.
 */
export function entriesOf(batches: readonly RecordsBatch[], place: Place): LoggedRecord[] {
  const entries: LoggedRecord[] = []
  for (const batch of batches) {
    const base = Number(batch.firstOffset)
    const control = (batch.attributes & CONTROL) !== 0
    const appendedMs = (batch.attributes & LOG_APPEND_TIME) !== 0 ? Number(batch.maxTimestamp) : undefined
    for (const record of batch.records) {
      const offset = base + record.offsetDelta
      // A fetch returns whole batches: the first may begin before the offset asked for.
      if (offset < place.next) continue
      while (place.next < offset) entries.push(withoutRecord(place))
      if (control) {
        entries.push(withoutRecord(place))
        continue
      }
      const timestampMs = appendedMs ?? Number(batch.firstTimestamp + record.timestampDelta)
      place.lastMs = logTime(place.lastMs, timestampMs)
      entries.push({
        ...recordOf(record, place.kind),
        partition: place.partition,
        offset,
        timestampMs: place.lastMs,
        writtenMs: timestampMs,
        leaderEpoch: batch.partitionLeaderEpoch,
      })
      place.next = offset + 1
    }
    const below = base + batch.lastOffsetDelta + 1
    while (place.next < below) entries.push(withoutRecord(place))
    if (place.next === below) place.leaderEpoch = batch.partitionLeaderEpoch
  }
  return entries
}

function withoutRecord(place: Place): LoggedRecord {
  const { partition, next: offset, lastMs: timestampMs } = place
  place.next += 1
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
  const said = new Map<string, string>()
  for (const [name, text] of headers) {
    const key = name?.toString()
    if (key !== undefined && Object.hasOwn(NAMES, key)) said.set(key, text?.toString() ?? '')
  }
  // A copy: the value is a slice of the socket's buffer, which holds many others and is not aligned.
  const payload = new Uint8Array(value ?? [])
  if (said.size > 0) {
    const ticks = wholeNumber(said.get('ticks'))
    return {
      kind: said.get('kind') ?? '',
      format: said.get('format') ?? '',
      version: wholeNumber(said.get('version')),
      ticks: ticks < 0 || ticks > TICKS_MAX ? 0 : ticks,
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
const SEEN_RECORDS_MAX = 10_000

/** The mean number of ticks of a partition's records, from those seen last: Kafka keeps no counts. */
export class TicksPerRecord {
  #ticks = 0
  #records = 0

  /** Older records count less and less. */
  learn(ticks: number): void {
    this.#ticks += ticks
    this.#records += 1
    if (this.#records < SEEN_RECORDS_MAX) return
    this.#ticks /= 2
    this.#records /= 2
  }

  get mean(): number {
    return this.#ticks / Math.max(1, this.#records)
  }
}
