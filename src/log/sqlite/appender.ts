import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { LogRecord } from '../log.ts'
import type { TrimFloor } from '../retention.ts'
import { closed, fromFields } from './errors.ts'
import type { AnnounceRequest, Answer, Request, TrimRequest } from './messages.ts'
import { THREAD_OPTIONS } from './warning.ts'

/** Bytes on their way to the disk. Appends beyond wait, in order; none is rejected for it. */
export const PENDING_BYTES_MAX = 64 * 2 ** 20
/** Rough size of a record without its payload. */
const RECORD_OVERHEAD_BYTES = 128
/** SQLite's own limit for a value is 1e9 bytes. */
const RECORD_BYTES_MAX = 256 * 2 ** 20

interface Settle {
  resolve(value: number): void
  reject(error: Error): void
}

interface WaitingAppend extends Settle {
  partition: number
  records: readonly LogRecord[]
  bytes: number
}

/** The caller's side of the writer thread: backpressure, the log's clock, and the pending requests. */
export class Appender {
  readonly #worker: Worker
  readonly #nowMs: () => number
  readonly #waiting: WaitingAppend[] = []
  readonly #sent = new Map<number, Settle & { bytes: number }>()
  #onCommit: () => void = () => {}
  #onDrained: () => void = () => {}
  #pendingBytes = 0
  #lastId = 0
  #epoch = 0
  #failure: Error | undefined

  private constructor(worker: Worker, nowMs: () => number) {
    this.#worker = worker
    this.#nowMs = nowMs
    worker.on('message', (answers: Answer[]) => this.#settle(answers))
    worker.on('error', error => this.#end(closed(error)))
    worker.on('exit', () => this.#end(closed()))
  }

  /** Starts the writer thread and waits until it has opened the file. */
  static async start(directory: string, nowMs: () => number): Promise<Appender> {
    const worker = new Worker(new URL('./writer.ts', import.meta.url), {
      workerData: { directory },
      ...THREAD_OPTIONS,
    })
    await once(worker, 'message')
    return new Appender(worker, nowMs)
  }

  /** `listener` is called after every commit, before its appends resolve. */
  onCommit(listener: () => void): void {
    this.#onCommit = listener
  }

  append(partition: number, records: readonly LogRecord[]): Promise<number> {
    let bytes = 0
    for (const { payload, ticks } of records) {
      if (!Number.isSafeInteger(ticks) || ticks < 0)
        return Promise.reject(new RangeError(`a record of ${ticks} ticks: it must be a whole number from 0`))
      if (payload.byteLength > RECORD_BYTES_MAX)
        return Promise.reject(new RangeError(`a record of ${payload.byteLength} bytes: at most ${RECORD_BYTES_MAX}`))
      bytes += payload.byteLength + RECORD_OVERHEAD_BYTES
    }
    if (this.#failure) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ partition, records, bytes, resolve, reject })
      this.#sendWithinLimit()
    })
  }

  announce(key: string, body: string): Promise<number> {
    return this.#send({ type: 'announce', id: ++this.#lastId, key, atMs: this.#nowMs(), body })
  }

  trim(partition: number, floor: TrimFloor): Promise<number> {
    return this.#send({ type: 'trim', id: ++this.#lastId, partition, floor })
  }

  /** Commits the pending appends, then ends the thread. Later requests reject. */
  async close(): Promise<void> {
    if (this.#failure) return
    this.#failure = closed()
    if (this.#waiting.length > 0) await new Promise<void>(resolve => (this.#onDrained = resolve))
    const ended = once(this.#worker, 'exit')
    this.#worker.postMessage({ type: 'close' } satisfies Request)
    await ended
  }

  #sendWithinLimit(): void {
    while (this.#waiting.length > 0) {
      const bytes = this.#waiting[0]!.bytes
      if (this.#pendingBytes > 0 && this.#pendingBytes + bytes > PENDING_BYTES_MAX) return
      this.#sendAppend(this.#waiting.shift()!)
    }
    this.#onDrained()
  }

  #sendAppend({ partition, records, bytes, resolve, reject }: WaitingAppend): void {
    // One copy, so that the caller keeps its records for a retry, and one buffer to transfer instead of many.
    const payloads = new Uint8Array(records.reduce((sum, { payload }) => sum + payload.byteLength, 0))
    let at = 0
    const heads = records.map(({ kind, format, version, ticks, payload }) => {
      payloads.set(payload, at)
      at += payload.byteLength
      return { kind, format, version, ticks, payloadBytes: payload.byteLength }
    })
    const id = ++this.#lastId
    this.#pendingBytes += bytes
    this.#sent.set(id, { resolve, reject, bytes })
    const request: Request = {
      type: 'append',
      id,
      epoch: this.#epoch,
      partition,
      nowMs: this.#nowMs(),
      heads,
      payloads,
    }
    this.#worker.postMessage(request, [payloads.buffer])
  }

  #send(request: AnnounceRequest | TrimRequest): Promise<number> {
    if (this.#failure) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#sent.set(request.id, { resolve, reject, bytes: 0 })
      this.#worker.postMessage(request)
    })
  }

  #settle(answers: Answer[]): void {
    this.#onCommit()
    for (const answer of answers) {
      const settle = this.#sent.get(answer.id)!
      this.#sent.delete(answer.id)
      this.#pendingBytes -= settle.bytes
      if ('value' in answer) {
        settle.resolve(answer.value)
        continue
      }
      const error = fromFields(answer.error)
      settle.reject(error)
      if (answer.epoch === this.#epoch) {
        // Appends made before the failure was known must not overtake the failed one: pending ones fail with it.
        this.#epoch += 1
        for (const waiting of this.#waiting.splice(0)) waiting.reject(error)
      }
    }
    this.#sendWithinLimit()
  }

  /** The thread has ended: rejects all pending requests. What it was writing may or may not be in the log. */
  #end(error: Error): void {
    this.#failure ??= error
    for (const settle of [...this.#sent.values(), ...this.#waiting.splice(0)]) settle.reject(error)
    this.#sent.clear()
    this.#onDrained()
  }
}
