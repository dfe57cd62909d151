/** What a recorder says of itself, twice a second, through the log's announcements: the storing side shows it. */
import type { Entry } from '../observe/journal.ts'
import type { ConnectionStatus } from './connection-status.ts'

export const RECORDER_STATION = 'recorder'
export const ANNOUNCE_EVERY_MS = 500

export interface RecorderStatus {
  /** Tells one run from the next. */
  startedAtMs: number
  /** The selection, as `TICKHOUSE_SOURCES` has it. */
  sources: string
  /** Why simulated data is recorded and how to go live; null if none is. */
  simulated: { why: string; advice: string } | null
  received: number
  receivedPerSecond: number
  /** Receiving to durable in the log. */
  appendMs: { p50: number; p99: number; max: number } | null
  /** The log is too slow: reading from venues is held back. */
  held: boolean
  connections: ConnectionStatus[]
  /** The last lines it told. */
  lines: Entry[]
}
