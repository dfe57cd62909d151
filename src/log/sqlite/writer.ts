/**
 * The thread that owns the writing connection: a commit waits for the disk here, never in the thread with the sockets.
 * Whatever waits when a commit ends shares the next one (group commit), in the order it came.
 */
import { statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { crc32 } from 'node:zlib'
import { TickhouseError } from '../../errors.ts'
import { asLogError, type ErrorFields, toFields } from './errors.ts'
import { connectWriter, OFFSETS_MAX, walFile } from './file.ts'
import type { AnnounceRequest, Answer, AppendRequest, Request, TrimRequest, WriterData } from './messages.ts'
import { Trimmer } from './trim.ts'

/** A transaction takes no further request once it holds this much. */
const TRANSACTION_BYTES_MAX = 16 * 2 ** 20

/**
 * Beyond this the write-ahead log is begun again by force, waiting for readers to end their slice: one that always has a
 * slice open would otherwise let it grow for ever.
 */
const WAL_BYTES_MAX = 64 * 2 ** 20

/** What the write-ahead log is cut down to when it is begun again. */
const WAL_REST_BYTES = 32 * 2 ** 20

interface Tail {
  next: number
  ticks: number
  timestampMs: number
}

type Write = AppendRequest | AnnounceRequest

const { directory } = workerData as WriterData
const port = parentPort!
const db: DatabaseSync = connectWriter(directory)
db.exec(`PRAGMA journal_size_limit = ${WAL_REST_BYTES}`)

const tails: Tail[] = db
  .prepare('SELECT next, ticks, timestamp_ms AS timestampMs FROM partitions ORDER BY partition')
  .all() as unknown as Tail[]
// coalesce: an empty array is bound as NULL.
const insertRecord = db.prepare("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, coalesce(?, x''))")
const updateTail = db.prepare('UPDATE partitions SET next = ?, ticks = ?, timestamp_ms = ? WHERE partition = ?')
const upsertAnnouncement = db.prepare('INSERT OR REPLACE INTO announcements VALUES (?, ?, ?)')

const writes: Write[] = []
const trims: TrimRequest[] = []
let trimmer: Trimmer | undefined
let closing = false
let scheduled = false
let walLimitBytes = WAL_BYTES_MAX
let failure: { epoch: number; error: ErrorFields } | undefined

port.on('message', (request: Request) => {
  if (request.type === 'close') closing = true
  else if (request.type === 'trim') trims.push(request)
  else writes.push(request)
  schedule()
})
port.postMessage([])

function schedule(): void {
  if (scheduled) return
  scheduled = true
  setImmediate(work)
}

/**
 * One turn: one transaction of writes, then one short slice of trimming, so that neither holds up the other for long.
 * Closing waits for the writes, but not for trimming, which may take minutes and can be asked for again.
 */
function work(): void {
  scheduled = false
  if (writes.length > 0) write(takeGroup())
  else if (closing) {
    close()
    return
  }
  trimmer ??= trims.length > 0 ? new Trimmer(db, trims.shift()!) : undefined
  if (trimmer) trimSlice(trimmer)
  boundWal()
  if (writes.length > 0 || trims.length > 0 || trimmer || closing) schedule()
}

function takeGroup(): Write[] {
  let bytes = 0
  let count = 0
  while (count < writes.length && bytes < TRANSACTION_BYTES_MAX) {
    const request = writes[count++]!
    bytes += request.type === 'append' ? request.payloads.byteLength : request.body.length
  }
  return writes.splice(0, count)
}

function write(group: Write[]): void {
  const accepted: Write[] = []
  const answers: Answer[] = []
  for (const request of group) {
    if (failure && request.type === 'append' && request.epoch <= failure.epoch)
      answers.push({ id: request.id, ...failure })
    else accepted.push(request)
  }
  try {
    answers.push(...commit(accepted))
  } catch (error) {
    rollback()
    const fields = failed(error)
    for (const request of accepted) {
      if (request.type === 'append') failure = { epoch: request.epoch, error: fields }
      answers.push({ id: request.id, error: fields, ...(request.type === 'append' && { epoch: request.epoch }) })
    }
  }
  port.postMessage(answers)
}

function commit(group: Write[]): Answer[] {
  if (group.length === 0) return []
  const answers: Answer[] = []
  const touched = new Map<number, Tail>()
  db.exec('BEGIN IMMEDIATE')
  for (const request of group) {
    if (request.type === 'announce') {
      upsertAnnouncement.run(request.station, request.atMs, request.body)
      answers.push({ id: request.id, value: 0 })
    } else {
      const tail = touched.get(request.partition) ?? { ...tails[request.partition]! }
      touched.set(request.partition, tail)
      answers.push({ id: request.id, value: tail.next })
      insert(request, tail)
    }
  }
  for (const [partition, tail] of touched) updateTail.run(tail.next, tail.ticks, tail.timestampMs, partition)
  db.exec('COMMIT')
  for (const [partition, tail] of touched) tails[partition] = tail
  return answers
}

function insert({ partition, timestampMs, heads, payloads }: AppendRequest, tail: Tail): void {
  let at = 0
  for (const { kind, format, version, ticks, payloadBytes } of heads) {
    const payload = payloads.subarray(at, at + payloadBytes)
    at += payloadBytes
    const id = partition * OFFSETS_MAX + tail.next
    insertRecord.run(id, timestampMs, kind, format, version, ticks, tail.ticks, crc32(payload), payload)
    tail.next += 1
    tail.ticks += ticks
  }
  tail.timestampMs = timestampMs
}

function trimSlice(running: Trimmer): void {
  try {
    if (!running.slice()) return
    port.postMessage([{ id: running.request.id, value: running.dropped }] satisfies Answer[])
  } catch (error) {
    rollback()
    port.postMessage([{ id: running.request.id, error: failed(error) }] satisfies Answer[])
  }
  trimmer = undefined
}

function rollback(): void {
  // SQLite has already rolled back by itself after some failures.
  if (db.isTransaction) db.exec('ROLLBACK')
}

/** The fields of a failure a disk can cause; anything else is a fault in the code and ends the thread. */
function failed(error: unknown): ErrorFields {
  const named = asLogError(error, directory)
  if (named instanceof TickhouseError) return toFields(named)
  throw error
}

function boundWal(): void {
  const bytes = statSync(walFile(directory), { throwIfNoEntry: false })?.size ?? 0
  if (bytes <= walLimitBytes) return
  // Where it cannot be done now, for a reader or a full disk, appends go on and it is tried again after as much more.
  let begunAgain = false
  try {
    begunAgain = db.prepare('PRAGMA wal_checkpoint(RESTART)').get()!.busy === 0
  } catch (error) {
    failed(error)
  }
  walLimitBytes = begunAgain ? WAL_BYTES_MAX : bytes + WAL_BYTES_MAX
}

function close(): void {
  db.close()
  port.close()
}
