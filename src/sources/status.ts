/** A recorder's status, announced twice a second through the log: the page and `/health` show it. */
import { hostname } from 'node:os'
import type { Announcement } from '../log/status-board.ts'
import type { EventCounts, LogEntry } from '../telemetry/journal.ts'
import type { ProcessMetrics } from '../telemetry/process.ts'
import type { ConnectionStatus } from './connection/status.ts'

/** The keys of recorders begin so. */
export const RECORDERS = 'recorder '
export const ANNOUNCE_EVERY_MS = 500

/** What a recorder repairs of a venue. Counts are since start. */
export interface RepairStatus {
  venue: string
  /** Ids to request. */
  missing: number
  /** Ids of gaps that are older than the reach: nothing requests them by itself. Absent from earlier versions. */
  beyondReach?: number
  requests: number
  /** Trades written to the log, and ids that the venue does not supply. */
  trades: number
  unrepairable: number
  /** Until the next request, ms, and why there is none before; '' where nothing delays it. */
  waitMs: number
  why: string
}

export interface RecorderStatus {
  /** Distinguishes runs. */
  startedAtMs: number
  /** The selection, in the form of `TICKHOUSE_SOURCES`. */
  sources: string
  /** Requests to change the selection. */
  selection: SelectionStatus
  /** Sources with patterns that wait for their venue's list, as `<venue>:<patterns>`. */
  unresolved: string[]
  /** Why simulated data is recorded, and how to record live data; null if none is. */
  simulated: { why: string; advice: string } | null
  received: number
  receivedPerSecond: number
  /** From receipt to durable in the log. */
  appendMs: { p50: number; p99: number; max: number } | null
  /** The state of a handover to or from another recorder, as a sentence; null without one. */
  handover: string | null
  /** The log is too slow: reading from venues is paused. */
  paused: boolean
  /** Quotes dropped since start, because TICKHOUSE_QUOTES_CONFLATE_MS is set. */
  conflatedQuotes: number
  /** Missing trades by venue, where any are or were requested. */
  repairs: RepairStatus[]
  connections: ConnectionStatus[]
  process: ProcessMetrics
  /** How far its machine's clock may be from UTC; null if not known, absent from earlier versions. */
  clockErrorSeconds?: number | null
  /** Unique to this run of this process. */
  instance: string
  /** How often it emitted each event. */
  events: EventCounts
  /** Its last log lines. */
  lines: LogEntry[]
}

export interface SelectionStatus {
  /** The selection of the configuration. */
  configured: string
  /** The last requests, and why one changed nothing. */
  outcomes: { id: string; failure: { message: string; advice: string } | null }[]
}

/** A recorder's last status, and when it announced it. */
export interface RecorderReport {
  key: string
  status: RecorderStatus
  atMs: number
}

/** The key of a recorder's announcements: several recorders, on one machine or many, may write one log. */
export function recorderKey(sources: string): string {
  return `${RECORDERS}${hostname()} ${sources}`
}

/** Younger announcements under a key are those of a recorder that runs. */
const IN_USE_MS_MAX = 2_000

/** The key of a recorder that starts: not that of another one which runs on this machine with the same sources. */
export function freeRecorderKey(announcements: readonly Announcement[], sources: string): string {
  const key = recorderKey(sources)
  const last = announcements.find(each => each.key === key)
  return last && Date.now() - last.atMs < IN_USE_MS_MAX ? `${key} (2)` : key
}

/** All recorders that ever announced themselves in a log, the latest first. */
export function recordersIn(announcements: readonly Announcement[]): RecorderReport[] {
  return (
    announcements
      .filter(({ key }) => key.startsWith(RECORDERS))
      .map(({ key, atMs, body }) => ({ key, atMs, status: body as RecorderStatus }))
      // Announcements of an earlier version lack fields.
      .filter(({ status }) => status.selection !== undefined && status.repairs !== undefined)
      .sort((a, b) => b.atMs - a.atMs)
  )
}
