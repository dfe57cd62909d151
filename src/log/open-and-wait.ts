import { setTimeout as sleep } from 'node:timers/promises'
import { TickhouseError } from '../errors.ts'
import type { Emit } from '../telemetry/events.ts'
import type { Log, OpenLog, OpenMode } from './log.ts'
import { openLog } from './open.ts'
import type { StatusBoard } from './status-board.ts'

const RETRY_MS = 250
/** A recorder that starts with us needs a second or two; after that, the reason for the wait is logged. */
const REPORT_EVERY_MS = 5_000
const NO_ANSWER = { why: 'it does not answer', advice: 'Check TICKHOUSE_LOG and the network.' }

/**
 * Opens the log; retries while it does not exist or the brokers do not answer, and reports why. A writer reports at the
 * first failure, since ticks are lost meanwhile; a reader may start before the writer has created the log.
 */
export async function openAndWait(
  address: string,
  mode: OpenMode,
  emit: Emit,
  stopping: AbortSignal,
): Promise<OpenLog> {
  let failure: { why: string; advice: string } | undefined
  const reminder = setInterval(() => emit('log_awaited', failure ?? NO_ANSWER), REPORT_EVERY_MS)
  try {
    for (;;) {
      try {
        const log = await openLog(address, mode)
        if (mode === 'read') reportUnreachable(log, emit, stopping)
        reportUnused(log, emit, stopping)
        return log
      } catch (error) {
        if (!(error instanceof TickhouseError) || !error.retryable) throw error
        if (mode !== 'read' && !failure) emit('log_awaited', { why: error.message, advice: error.advice })
        failure = { why: error.message, advice: error.advice }
      }
      await sleep(RETRY_MS, undefined, { signal: stopping })
    }
  } finally {
    clearInterval(reminder)
  }
}

/** Reports once that the log has unused partitions, also if they are added later. */
function reportUnused(log: Log, emit: Emit, stopping: AbortSignal): void {
  const check = (): void => {
    const partitions = log.unusedPartitions()
    if (partitions === 0) return
    clearInterval(polling)
    emit('partitions_unused', { partitions })
  }
  const polling = setInterval(check, REPORT_EVERY_MS).unref()
  stopping.addEventListener('abort', () => clearInterval(polling), { once: true })
  check()
}

/** Reports, repeatedly, that the log does not answer. In a writer, appends report it. */
function reportUnreachable(log: StatusBoard, emit: Emit, stopping: AbortSignal): void {
  const reminder = setInterval(() => {
    const sinceMs = log.unreachableSinceMs()
    if (sinceMs === null) return
    const why = `it has not answered for ${Math.round((Date.now() - sinceMs) / 1000)} s`
    emit('log_awaited', { why, advice: 'Check its brokers and the network to them; storing resumes by itself' })
  }, REPORT_EVERY_MS)
  stopping.addEventListener('abort', () => clearInterval(reminder), { once: true })
}
