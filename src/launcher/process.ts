/** The life of a process: open, run, stop on a signal or on an error that it cannot recover from. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config.ts'
import { isEngineFailure, TickhouseError } from '../errors.ts'
import type { Running } from '../service.ts'
import { Journal } from '../telemetry/journal.ts'
import { VERSION } from '../version.ts'
import { AlreadyLogged, ChildKilled, ChildMistake, EXIT_MISTAKE } from './endings.ts'
import { ALIVE_EVERY_MS, type ToSupervisor } from './supervisor.ts'

/**
 * How long a stop waits for a process that is still opening, perhaps a host that does not answer. Before it runs,
 * nothing needs a clean stop.
 */
const OPENING_STOP_MS_MAX = 2_000
/** How long a process with a stuck engine keeps storing ticks in flight. */
const STUCK_DRAIN_MS_MAX = 10_000
/** The reader of the log may have stopped reading. */
const FLUSH_MS_MAX = 1_000

/** Opens the parts of a process. `stopping` aborts on a stop; `supervised`: `start` runs this process as a child. */
export type Mode = (config: Config, journal: Journal, stopping: AbortSignal, supervised: boolean) => Promise<Running>

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
  const running = await Promise.race([open(config, journal, stopping.signal, supervised), late]).catch(error => {
    if (stopping.signal.aborted) return undefined
    throw error
  })
  if (!running) return
  const alive = setInterval(() => notifySupervisor({ alive: true }), ALIVE_EVERY_MS)
  try {
    const how = await Promise.race([stopped, running.failed])
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
