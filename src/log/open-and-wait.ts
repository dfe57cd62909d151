import { setTimeout as sleep } from 'node:timers/promises'
import { TickhouseError } from '../errors.ts'
import type { Emit } from '../telemetry/events.ts'
import type { OpenLog } from './log.ts'
import { openLog } from './open.ts'

const LOG_WAIT_MS = 250
/** A recorder that starts with us needs a second or two; beyond that a person should know what is waited for. */
const LOG_WAIT_TOLD_EVERY_MS = 5_000
const UNANSWERED = { why: 'it does not answer', advice: 'Check TICKHOUSE_LOG and the network.' }

/**
 * Opens the log, and says what it waits for while that is not there: brokers that are away or not up yet, or an address that is wrong. One
 * that writes says it at once, since ticks are lost meanwhile; one that reads may be up before the writer has made the log.
 */
export async function openAndWait(
  address: string,
  mode: 'write' | 'read',
  emit: Emit,
  stopping: AbortSignal,
): Promise<OpenLog> {
  let awaited: { why: string; advice: string } | undefined
  const telling = setInterval(() => emit('log_awaited', awaited ?? UNANSWERED), LOG_WAIT_TOLD_EVERY_MS)
  try {
    for (;;) {
      try {
        const log = await openLog(address, mode)
        if (mode === 'read') tellUnreachable(log, emit, stopping)
        tellUnused(log, emit, stopping)
        return log
      } catch (error) {
        if (!(error instanceof TickhouseError) || !error.retryable) throw error
        if (mode === 'write' && !awaited) emit('log_awaited', { why: error.message, advice: error.advice })
        awaited = { why: error.message, advice: error.advice }
      }
      await sleep(LOG_WAIT_MS, undefined, { signal: stopping })
    }
  } finally {
    clearInterval(telling)
  }
}

/** Says once that partitions were added to the log which are not used, also where that happens later. */
function tellUnused(log: OpenLog, emit: Emit, stopping: AbortSignal): void {
  const look = (): void => {
    const partitions = log.unusedPartitions()
    if (partitions === 0) return
    clearInterval(looking)
    emit('partitions_unused', { partitions })
  }
  const looking = setInterval(look, LOG_WAIT_TOLD_EVERY_MS).unref()
  stopping.addEventListener('abort', () => clearInterval(looking), { once: true })
  look()
}

/** Tells, again and again, that the log does not answer. One that writes tells it by its appends. */
function tellUnreachable(log: OpenLog, emit: Emit, stopping: AbortSignal): void {
  const telling = setInterval(() => {
    const sinceMs = log.unreachableSinceMs()
    if (sinceMs === null) return
    const why = `it has not answered for ${Math.round((Date.now() - sinceMs) / 1000)} s`
    emit('log_awaited', { why, advice: 'Check its brokers and the network to them; storing goes on by itself' })
  }, LOG_WAIT_TOLD_EVERY_MS)
  stopping.addEventListener('abort', () => clearInterval(telling), { once: true })
}
