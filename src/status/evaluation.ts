/** Evaluates the state of each stage from its status. */
import type { ArchiveMetrics } from '../archive/archive.ts'
import type { RecorderStatus } from '../sources/status.ts'
import type { StageState } from './model.ts'
import { isReceived, sourceFaults } from './source-faults.ts'

/** A state, and a sentence: the reason, and for trouble the next step. */
export type Evaluation = [state: StageState, advice: string]

/** Below RECORDER_SILENT_MS_MAX of report.ts: recorders report through the log, so a silent log must be reported first. */
const LOG_SILENT_MS_MAX = 3_000
/** A segment is complete a minute after its hour and written within seconds; much later, the archive is behind. */
const ARCHIVE_BEHIND_MS_MAX = 10 * 60_000

export function evaluateSources(recorders: readonly RecorderStatus[]): Evaluation {
  if (recorders.length === 0)
    return ['trouble', 'No recorder is running: start it with tickhouse start or tickhouse record.']
  const connections = recorders.flatMap(recorder => recorder.connections)
  if (recorders.some(({ paused }) => paused))
    return ['trouble', 'The log is slower than the incoming ticks: check the disk.']
  const unresolved = recorders.flatMap(recorder => recorder.unresolved)
  const waiting = unresolved.length > 0 ? [`${unresolved.join(' ')}: the venue's list was not read yet.`] : []
  if (connections.length === 0 && waiting.length > 0) return ['trouble', `Nothing is recorded: ${waiting[0]}`]
  if (!connections.some(({ state }) => state === 'open'))
    return ['trouble', 'No venue can be reached: check the network and the addresses. Tickhouse keeps reconnecting.']
  const faults = [...sourceFaults(connections), ...waiting]
  const handover = recorders.find(recorder => recorder.handover)?.handover
  if (faults.length === 0) return ['ok', handover ?? 'All connections are open.']
  return [connections.some(isReceived) ? 'behind' : 'trouble', faults.join(' ')]
}

/** `unreachableSinceMs` is that of the log's status board. */
export function evaluateLog(recorders: readonly RecorderStatus[], unreachableSinceMs: number | null): Evaluation {
  const silentMs = unreachableSinceMs === null ? 0 : Date.now() - unreachableSinceMs
  if (silentMs > LOG_SILENT_MS_MAX)
    return [
      'trouble',
      `The log has not answered for ${Math.round(silentMs / 1000)} s: check its brokers and the network to them.`,
    ]
  if (recorders.length === 0) return ['idle', 'No recorder is running, so nothing is written.']
  return recorders.some(({ paused }) => paused)
    ? ['trouble', 'Appending is slow or fails: check the disk.']
    : ['ok', 'Appends succeed.']
}

/** Lag that is reported: far above normal operation, below what counts as live. */
export const LAG_MS_MAX = 5_000

/** The state of ingest without other faults. */
export function evaluateLag(lagMs: number): Evaluation {
  if (lagMs > LAG_MS_MAX) return ['behind', 'Ingest is behind the log and catching up.']
  return ['ok', 'Ingest follows the log.']
}

export function evaluateArchive(metrics: Pick<ArchiveMetrics, 'failure' | 'behindMs'> | null): Evaluation {
  if (!metrics) return ['off', 'This process does not archive.']
  if (metrics.failure) return ['trouble', `${metrics.failure.why}. ${metrics.failure.advice}`]
  if (metrics.behindMs > ARCHIVE_BEHIND_MS_MAX)
    return ['behind', 'Complete hours wait to be archived; the archive is catching up.']
  return ['ok', 'Every complete hour or day is archived and verified.']
}
