/** A process of tickhouse from its start to its end: opened, run, stopped by a signal or by what it cannot go on from. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config.ts'
import { isEngineFailure, TickhouseError } from '../errors.ts'
import type { Running } from '../service.ts'
import { Journal } from '../telemetry/journal.ts'
import { VERSION } from '../version.ts'
import { ALIVE_EVERY_MS, ChildKilled, ChildMistake, EXIT_MISTAKE, type ToSupervisor } from './supervisor.ts'

/**
 * What is being opened may wait for a machine that does not answer: told to stop, it is left after so long. Nothing needs an orderly
 * end before it runs.
 */
const OPENING_LEFT_AFTER_MS = 2_000
/** How long a process whose engine is stuck goes on to store what is on its way. */
const STUCK_DRAIN_MS_MAX = 10_000
/** Who reads the lines may have stopped to. */
const FLUSH_MS_MAX = 1_000

/** Opens what a process runs; `stopping` aborts when it is to stop, `supervised`: the `start` command started it. */
export type Mode = (config: Config, journal: Journal, stopping: AbortSignal, supervised: boolean) => Promise<Running>

/**
 * Runs a process until it is told to stop or cannot go on. `restartedAfter`: how the one before it ended, if it took its place.
 * Rejects with what ended it, or AlreadyLogged.
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
    // The last line of a log that is read by machines is one too; on a terminal it is the plain one below.
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
  const told = stopSignal()
  told.then(() => stopping.abort())
  if (restartedAfter === undefined) journal.emit('house_started', { version: VERSION, what: name })
  else journal.emit('restarted', { what: name, how: restartedAfter })
  const left = told.then(() => sleep(OPENING_LEFT_AFTER_MS, undefined))
  // Under a supervisor, which stops its processes in order, only that says so.
  const supervised = isSupervised()
  const running = await Promise.race([open(config, journal, stopping.signal, supervised), left]).catch(error => {
    if (stopping.signal.aborted) return undefined
    throw error
  })
  if (!running) return
  const alive = setInterval(() => notifySupervisor({ alive: true }), ALIVE_EVERY_MS)
  try {
    const how = await Promise.race([told, running.failed])
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

function notifySupervisor(said: ToSupervisor): void {
  // A supervisor that is gone is told nothing; that it is gone stops this process elsewhere.
  if (process.connected) process.send!(said, undefined, undefined, () => {})
}

/** Rejects as `failed` does, but only for an engine that will not let anything be stopped. */
function engineFailed({ failed }: Running): Promise<never> {
  return failed.catch(error => {
    if (isEngineFailure(error)) throw error
    return new Promise<never>(() => {})
  })
}

/** Says why, so that whoever starts this process again can say it too; a stuck engine still stores what is on its way. */
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

/** Resolves when this process should stop: on a signal, or, under a supervisor, only when that says so or is gone. */
export function stopSignal(): Promise<string> {
  return new Promise(resolve => {
    const supervised = isSupervised()
    // A terminal's Ctrl-C reaches every process of the house; the supervisor stops them in order.
    if (supervised) process.on('disconnect', () => resolve('disconnect'))
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (!supervised || signal === 'SIGTERM') resolve(signal)
      })
    }
  })
}

/** What went wrong stands in the log already. */
export class AlreadyLogged extends Error {
  readonly code: number
  constructor(code: number) {
    super()
    this.code = code
  }
}
