/** The life of a process: open, run, stop on a signal or on an error that it cannot recover from. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config.ts'
import { isEngineFailure, TickhouseError } from '../errors.ts'
import type { Running, Supervision, UpgradeStatus } from '../service.ts'
import { Journal } from '../telemetry/journal.ts'
import { VERSION } from '../version.ts'
import { ALIVE_EVERY_MS } from './child.ts'
import { AlreadyLogged, ChildKilled, ChildMistake, EXIT_MISTAKE } from './endings.ts'
import type { ToChild, ToSupervisor } from './messages.ts'

/**
 * How long a stop waits for a process that is still opening, perhaps a host that does not answer. Before it runs,
 * nothing needs a clean stop.
 */
const OPENING_STOP_MS_MAX = 2_000
/** How long a process with a stuck engine keeps storing ticks in flight. */
const STUCK_DRAIN_MS_MAX = 10_000
/** The reader of the log may have stopped reading. */
const FLUSH_MS_MAX = 1_000

/** Opens the parts of a process. `stopping` aborts on a stop; `supervision`: `start` runs this process as a child. */
export type Mode = (
  config: Config,
  journal: Journal,
  stopping: AbortSignal,
  supervision: Supervision | undefined,
) => Promise<Running>

/**
 * Runs a process until a signal or a fatal error. `restartedAfter`: how the process that this one replaces ended.
 * Rejects with the error, or with AlreadyLogged.
 */
export async function runProcess(
  name: string,
  config: Config,
  restartedAfter: string | undefined,
  open: Mode,
): Promise<void> {
  const journal = new Journal(name, config.LOG_LEVEL, config.LOG_FORMAT)
  try {
    await runUntilStopped(name, restartedAfter, config, journal, open)
  } catch (error) {
    if (error instanceof TickhouseError) notifySupervisor({ ending: error.message })
    // In a JSON log the last line is JSON too; in a text log the caller prints a plain line.
    if (config.LOG_FORMAT === 'text' || error instanceof ChildMistake || error instanceof ChildKilled) throw error
    if (isEngineFailure(error)) throw new AlreadyLogged(1)
    const known = error instanceof TickhouseError
    journal.emit('process_failed', {
      why: known ? `${error.message}. ${error.advice}` : String((error as Error).stack),
    })
    throw new AlreadyLogged(known ? EXIT_MISTAKE : 1)
  } finally {
    await journal.flush()
  }
}

async function runUntilStopped(
  name: string,
  restartedAfter: string | undefined,
  config: Config,
  journal: Journal,
  open: Mode,
): Promise<void> {
  const stopping = new AbortController()
  const stopped = stopSignal()
  stopped.then(() => stopping.abort())
  if (restartedAfter === undefined) journal.emit('house_started', { version: VERSION, what: name })
  else journal.emit('restarted', { what: name, how: restartedAfter })
  const late = stopped.then(() => sleep(OPENING_STOP_MS_MAX, undefined))
  // A supervisor stops its processes in order, and logs that itself.
  const supervised = isSupervised()
  const supervision = supervised ? superviseThis() : undefined
  const running = await Promise.race([open(config, journal, stopping.signal, supervision), late]).catch(error => {
    if (stopping.signal.aborted) return undefined
    throw error
  })
  if (!running) return
  const alive = setInterval(() => notifySupervisor({ alive: VERSION }), ALIVE_EVERY_MS)
  notifySupervisor({ alive: VERSION })
  try {
    const how = await Promise.race([stopped, handedOver(running, stopping.signal), running.failed])
    if (how === 'SIGTERM') await Promise.race([leaveOnSignal(running), running.failed])
    const startedMs = performance.now()
    if (!supervised) journal.emit('house_stopping', { signal: how })
    await Promise.race([running.stop(), engineFailed(running)])
    if (!supervised) journal.emit('house_stopped', { tookMs: Math.round(performance.now() - startedMs) })
  } catch (error) {
    if (isEngineFailure(error)) await endWithEngine(error, running, journal)
    throw error
  } finally {
    clearInterval(alive)
  }
}

function notifySupervisor(message: ToSupervisor): void {
  // If the supervisor has ended, `stopSignal` stops this process.
  if (process.connected) process.send!(message, undefined, undefined, () => {})
}

/** Waits until another process does the same; another signal ends the wait. */
async function leaveOnSignal(running: Running): Promise<void> {
  const again = new AbortController()
  stopSignal().then(() => again.abort())
  await running.leave?.({ onlyIfProved: false, signal: again.signal })
}

/** Resolves when the supervisor has requested that another process takes this one's place, and that is shown to do so. */
function handedOver(running: Running, stopping: AbortSignal): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  let stay: AbortController | undefined
  const leave = async (signal: AbortSignal) => {
    const onProgress = (line: string) => notifySupervisor({ handover: line })
    const leaves = await running.leave?.({ onlyIfProved: true, signal, onProgress })
    notifySupervisor({ handedOver: leaves === true })
    if (leaves) resolve('handover')
  }
  onSupervisor(message => {
    if ('stay' in message) stay?.abort()
    if (!('handOver' in message)) return
    stay = new AbortController()
    // A log that is closed meanwhile: the process stops.
    leave(AbortSignal.any([stay.signal, stopping])).catch(() => notifySupervisor({ handedOver: false }))
  })
  return promise
}

/** The supervisor of this process, for its parts. */
function superviseThis(): Supervision {
  let upgrade: UpgradeStatus | null = null
  onSupervisor(message => {
    if ('upgrade' in message) upgrade = message.upgrade
  })
  notifySupervisor({ started: true })
  return { requestUpgrade: () => notifySupervisor({ upgrade: true }), upgrade: () => upgrade }
}

function onSupervisor(listener: (message: ToChild) => void): void {
  if (isSupervised()) process.on('message', listener)
}

/** Rejects as `failed` does, but only for an engine failure: the parts of the process then cannot be stopped. */
function engineFailed({ failed }: Running): Promise<never> {
  return failed.catch(error => {
    if (isEngineFailure(error)) throw error
    return new Promise<never>(() => {})
  })
}

/** Logs the reason and reports it to the supervisor; with a stuck engine, ticks in flight are still stored. */
async function endWithEngine(error: TickhouseError, running: Running, journal: Journal): Promise<void> {
  const { code, message, advice } = error
  journal.emit('engine_failed', { why: message, advice })
  notifySupervisor({ ending: message })
  if (code === 'engine_stuck') await Promise.race([running.stop(), sleep(STUCK_DRAIN_MS_MAX)])
  await Promise.race([journal.flush(), sleep(FLUSH_MS_MAX)])
}

function isSupervised(): boolean {
  return process.channel !== undefined
}

/**
 * Resolves when this process should stop: on a signal; under a supervisor on SIGTERM or when the supervisor
 * disconnects.
 */
export function stopSignal(): Promise<string> {
  return new Promise(resolve => {
    const supervised = isSupervised()
    // Ctrl-C in a terminal reaches the supervisor and its children; the supervisor stops them in order.
    if (supervised) process.on('disconnect', () => resolve('disconnect'))
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (!supervised || signal === 'SIGTERM') resolve(signal)
      })
    }
  })
}
