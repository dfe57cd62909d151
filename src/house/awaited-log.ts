import { setTimeout as sleep } from 'node:timers/promises'
import { TickhouseError } from '../errors.ts'
import type { Log } from '../log/log.ts'
import { openLog } from '../log/open.ts'
import type { Emit } from '../observe/events.ts'

const LOG_WAIT_MS = 250
/** A recorder that starts with us needs a second or two; beyond that a person should know what is waited for. */
const LOG_WAIT_TOLD_EVERY_MS = 5_000

/** Opens the log and tells what is waited for while it is not there: brokers that are away, or an address that is wrong. */
export async function openLogTold(
  address: string,
  mode: 'write' | 'read',
  emit: Emit,
  stopping?: AbortSignal,
): Promise<Log> {
  let awaited = { why: 'it does not answer', advice: 'Check TICKHOUSE_LOG and the network.' }
  const telling = setInterval(() => emit('log_awaited', awaited), LOG_WAIT_TOLD_EVERY_MS)
  try {
    for (;;) {
      try {
        const log = await openLog(address, mode)
        if (stopping) tellUnreachable(log, emit, stopping)
        return log
      } catch (error) {
        // The storing side may be up before the recorder has made the log; a recorder says at once what is wrong.
        if (!stopping || !(error instanceof TickhouseError) || !error.retryable) throw error
        awaited = { why: error.message, advice: error.advice }
      }
      await sleep(LOG_WAIT_MS, undefined, { signal: stopping })
    }
  } finally {
    clearInterval(telling)
  }
}

/** Tells, again and again, that the log does not answer. One that writes tells it by its appends. */
function tellUnreachable(log: Log, emit: Emit, stopping: AbortSignal): void {
  const telling = setInterval(() => {
    const sinceMs = log.unreachableSinceMs()
    if (sinceMs === null) return
    const why = `it has not answered for ${Math.round((Date.now() - sinceMs) / 1000)} s`
    emit('log_awaited', { why, advice: 'Check its brokers and the network to them; storing goes on by itself' })
  }, LOG_WAIT_TOLD_EVERY_MS)
  stopping.addEventListener('abort', () => clearInterval(telling), { once: true })
}
