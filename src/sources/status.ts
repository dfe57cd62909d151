/** What a recorder says of itself, twice a second, through the log's announcements: the storing side shows it. */
import { hostname } from 'node:os'
import type { Announcement } from '../log/status-board.ts'
import type { EventCounts, LogLine } from '../telemetry/journal.ts'
import type { ProcessMetrics } from '../telemetry/process.ts'
import type { ConnectionStatus } from './connection/status.ts'

const KEY_PREFIX = 'recorder'
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
  /** The log is too slow: reading from venues is paused. */
  paused: boolean
  connections: ConnectionStatus[]
  process: ProcessMetrics
  /** Tells this run of this process from all others. */
  instance: string
  /** How often it told each event. */
  events: EventCounts
  /** The last lines it told. */
  lines: LogLine[]
}

/** What a recorder last said, and when. */
export interface RecorderReport {
  key: string
  status: RecorderStatus
  atMs: number
}

/** The name a recorder announces itself by: several may write one log, from one machine or many. */
export function recorderKey(sources: string): string {
  return `${KEY_PREFIX} ${hostname()} ${sources}`
}

/** All recorders that ever announced themselves in a log, the one heard last first. */
export function recordersIn(announcements: readonly Announcement[]): RecorderReport[] {
  return (
    announcements
      .filter(({ key }) => key.startsWith(`${KEY_PREFIX} `))
      .map(({ key, atMs, body }) => ({ key, atMs, status: body as RecorderStatus }))
      // Said by another version, just before this one was started.
      .filter(({ status }) =>
        status.connections.every(
          ({ symbolsRequested, clockAheadMs }) => symbolsRequested !== undefined && clockAheadMs !== undefined,
        ),
      )
      .sort((a, b) => b.atMs - a.atMs)
  )
}
