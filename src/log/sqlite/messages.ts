/**
 * What the log's facade and its writing thread say to each other. Every request is answered once, by its `id`.
 * The thread's first message is empty and says that it has the file open.
 */
import type { TrimFloor } from '../retention.ts'
import type { ErrorFields } from './errors.ts'

/** A record without its payload, which lies in the request's `payloads`, one after the other. */
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
  /** Rises when a failure becomes known to the facade: requests sent before that must not overtake the failed one. */
  epoch: number
  partition: number
  timestampMs: number
  heads: RecordHead[]
  payloads: Uint8Array<ArrayBuffer>
}

export interface AnnounceRequest {
  type: 'announce'
  id: number
  station: string
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

/** `value` is what the request asked for: the first offset of an append, the records a trim dropped, else 0. */
export type Answer = { id: number; value: number } | { id: number; error: ErrorFields; epoch?: number }

export interface WriterData {
  directory: string
}
