/**
 * The thread with the writing connection: commits wait for the disk here, never in the thread with the sockets.
 * Requests that arrive during a commit share the next one (group commit), in order.
 */
import { statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { crc32 } from 'node:zlib'
import { TickhouseError } from '../../errors.ts'
import { logTime } from '../log-time.ts'
import { asLogError, type ErrorFields, toFields } from './errors.ts'
import { connectWriter, OFFSETS_MAX, walFile } from './file.ts'
import type { AnnounceRequest, Answer, AppendRequest, Request, TrimRequest, WriterData } from './messages.ts'
import { Trimmer } from './trim.ts'

/** A transaction accepts no further request beyond this. */
const TRANSACTION_BYTES_MAX = 16 * 2 ** 20

/**
 * Beyond this the write-ahead log is restarted by a checkpoint that waits for readers to finish their chunk: a reader
 * that always has a transaction open would otherwise let it grow without limit.
 */
const WAL_BYTES_MAX = 64 * 2 ** 20

/** Size to which a restarted write-ahead log is truncated. */
const WAL_TRUNCATED_BYTES = 32 * 2 ** 20

interface Tail {
  next: number
  ticks: number
  timestampMs: number
}

type Write = AppendRequest | AnnounceRequest

const { directory } = workerData as WriterData
const port = parentPort!
const db: DatabaseSync = connectWriter(directory)
db.exec(`PRAGMA journal_size_limit = ${WAL_TRUNCATED_BYTES}`)

// Read in each transaction: another process may write beside this one, see `lock.ts`.
const selectTail = db.prepare('SELECT next, ticks, timestamp_ms AS timestampMs FROM partitions WHERE partition = ?')
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
 * One turn: one transaction of writes, then one short step of a trim, so that neither blocks the other for long.
 * Closing waits for the writes, but not for a trim, which may take minutes and can be requested again.
 */
function work(): void {
  scheduled = false
  if (writes.length > 0) write(takeGroup())
  else if (closing) {
    close()
    return
  }
  trimmer ??= trims.length > 0 ? new Trimmer(db, trims.shift()!) : undefined
  if (trimmer) trimStep(trimmer)
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
    const fields = failureOf(error)
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
      upsertAnnouncement.run(request.key, request.atMs, request.body)
      answers.push({ id: request.id, value: 0 })
    } else {
      const tail = touched.get(request.partition) ?? (selectTail.get(request.partition) as unknown as Tail)
      touched.set(request.partition, tail)
      answers.push({ id: request.id, value: tail.next })
      insert(request, tail)
    }
  }
  for (const [partition, tail] of touched) updateTail.run(tail.next, tail.ticks, tail.timestampMs, partition)
  db.exec('COMMIT')
  return answers
}

function insert({ partition, nowMs, heads, payloads }: AppendRequest, tail: Tail): void {
  const timestampMs = logTime(tail.timestampMs, nowMs)
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

function trimStep(running: Trimmer): void {
  try {
    if (!running.step()) return
    port.postMessage([{ id: running.request.id, value: running.dropped }] satisfies Answer[])
  } catch (error) {
    rollback()
    port.postMessage([{ id: running.request.id, error: failureOf(error) }] satisfies Answer[])
  }
  trimmer = undefined
}

function rollback(): void {
  // After some failures SQLite has already rolled back.
  if (db.isTransaction) db.exec('ROLLBACK')
}

/** The fields of a failure with a cause outside the code; any other error is a bug and ends the thread. */
function failureOf(error: unknown): ErrorFields {
  const named = asLogError(error, directory)
  if (named instanceof TickhouseError) return toFields(named)
  throw error
}

function boundWal(): void {
  const bytes = statSync(walFile(directory), { throwIfNoEntry: false })?.size ?? 0
  if (bytes <= walLimitBytes) return
  // If it fails now, because of a reader or a full disk, appends continue, and the next try is after as many bytes
  // more.
  let restarted = false
  try {
    restarted = db.prepare('PRAGMA wal_checkpoint(RESTART)').get()!.busy === 0
  } catch (error) {
    failureOf(error)
  }
  walLimitBytes = restarted ? WAL_BYTES_MAX : bytes + WAL_BYTES_MAX
}

function close(): void {
  db.close()
  port.close()
}
