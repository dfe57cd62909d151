/** How a station fares, judged by what is known of it. */
import type { ArchiveMetrics } from '../archive/archive.ts'
import type { RecorderStatus } from '../sources/status.ts'
import type { StageState } from './model.ts'
import { isReceived, sourceFaults } from './source-faults.ts'

/** A state, and one line: why, and what to do next if it is trouble. */
export type Judgement = [state: StageState, advice: string]

/** Sooner than a recorder is called away: it says what it says through the log. */
const LOG_SILENT_MS_MAX = 3_000
/** A slice is closed a minute after its hour and written within seconds; much later, it is catching up. */
const ARCHIVE_BEHIND_MS_MAX = 10 * 60_000

export function sourcesJudgement(recorders: readonly RecorderStatus[]): Judgement {
  if (recorders.length === 0)
    return ['trouble', 'No recorder is running: start it with tickhouse start or tickhouse record.']
  const connections = recorders.flatMap(recorder => recorder.connections)
  if (recorders.some(({ paused }) => paused))
    return ['trouble', 'The log cannot take ticks as fast as they come: check the disk.']
  if (!connections.some(({ state }) => state === 'open'))
    return ['trouble', 'No venue can be reached: check the network and the addresses; it keeps trying.']
  const faults = sourceFaults(connections)
  if (faults.length === 0) return ['ok', 'All connections are open.']
  return [connections.some(isReceived) ? 'behind' : 'trouble', faults.join(' ')]
}

/** `unreachableSinceMs` as the log tells it. */
export function logJudgement(recorders: readonly RecorderStatus[], unreachableSinceMs: number | null): Judgement {
  const silentMs = unreachableSinceMs === null ? 0 : Date.now() - unreachableSinceMs
  if (silentMs > LOG_SILENT_MS_MAX)
    return [
      'trouble',
      `The log has not answered for ${Math.round(silentMs / 1000)} s: check its brokers and the network to them.`,
    ]
  if (recorders.length === 0) return ['idle', 'Nothing is written: no recorder is running.']
  return recorders.some(({ paused }) => paused)
    ? ['trouble', 'Appending is slow or fails: check the disk.']
    : ['ok', 'Every record is durable before it is acknowledged.']
}

/** A partition that lags for longer than this should be known of: far above what a healthy house shows, below what is called live. */
export const LAG_MS_MAX = 5_000

/** Of a storing side of which nothing else is wrong. */
export function lagJudgement(lagMs: number): Judgement {
  if (lagMs > LAG_MS_MAX) return ['behind', 'Storing is behind the log and catching up.']
  return ['ok', 'Everything in the log is stored or on its way.']
}

export function archiveJudgement(figures: Pick<ArchiveMetrics, 'failure' | 'behindMs'> | null): Judgement {
  if (!figures) return ['off', 'Nothing is archived by this process.']
  if (figures.failure) return ['trouble', `${figures.failure.why}. ${figures.failure.advice}`]
  if (figures.behindMs > ARCHIVE_BEHIND_MS_MAX)
    return ['behind', 'Closed hours wait to be archived; it is catching up.']
  return ['ok', 'Every closed hour or day is archived and was read back.']
}
