/**
 * Messages between `Appender` and the writer thread. Every request is answered once, by its `id`. The thread's first
 * message is empty: it has opened the file.
 */
import type { TrimFloor } from '../retention.ts'
import type { ErrorFields } from './errors.ts'

/** A record without its payload. `AppendRequest.payloads` has the payloads, one after the other. */
export interface RecordHead {
  kind: string
  format: string
  version: number
  ticks: number
  payloadBytes: number
}

export interface AppendRequest {
  type: 'append'
  id: number
  /** Rises when `Appender` learns of a failure: requests sent before that must not overtake the failed one. */
  epoch: number
  partition: number
  /** By the log's clock. */
  nowMs: number
  heads: RecordHead[]
  payloads: Uint8Array<ArrayBuffer>
}

export interface AnnounceRequest {
  type: 'announce'
  id: number
  key: string
  atMs: number
  /** JSON. */
  body: string
}

export interface TrimRequest {
  type: 'trim'
  id: number
  partition: number
  floor: TrimFloor
}

/** Answered by the thread's end. */
export interface CloseRequest {
  type: 'close'
}

export type Request = AppendRequest | AnnounceRequest | TrimRequest | CloseRequest

/** `value` is the first offset of an append, the number of records that a trim dropped, else 0. */
export type Answer = { id: number; value: number } | { id: number; error: ErrorFields; epoch?: number }

export interface WriterData {
  directory: string
}
