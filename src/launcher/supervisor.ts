/**
 * Watches the two processes of the house and starts one again when it ends. A mistake of the user's (a port in use, a directory
 * that cannot be written) ends everything with its own words; a crash does not.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Config, toEnvironment } from '../config.ts'
import type { Running } from '../service.ts'
import type { RecorderStatus } from '../sources/status.ts'
import type { Emit } from '../telemetry/events.ts'

const CLI = fileURLToPath(new URL('../cli.ts', import.meta.url))
/** The exit code of a process that told the user of a mistake: starting it again would only repeat it. */
export const EXIT_MISTAKE = 2
const RESTART_MS_MIN = 200
const RESTART_MS_MAX = 10_000
/** A process that ran this long is healthy: its next restart is quick again. */
const HEALTHY_MS = 10_000
/** Longer than any clean stop takes; then it is ended the hard way, which loses nothing. */
const STOP_MS_MAX = 15_000
/** How often a process says that it is alive. */
export const ALIVE_EVERY_MS = 1_000
/** Far above what a busy machine delays a process by. */
const SILENT_SECONDS_MAX = 60
/** Threads for the engine and the disk: long queries must not keep inserts from theirs. */
const THREADS = '16'

/** `silentSecondsMax`: a process that runs and gives no sign of life for so long is killed. */
export function superviseProcesses(
  config: Config,
  simulated: RecorderStatus['simulated'],
  emit: Emit,
  silentSecondsMax = SILENT_SECONDS_MAX,
): Running {
  const { promise: failed, reject } = Promise.withResolvers<never>()
  const environment = { ...process.env, ...toEnvironment(config), UV_THREADPOOL_SIZE: THREADS }
  const recorder = new Child('record', simulated ? ['--simulated', JSON.stringify(simulated)] : [], environment, {
    emit,
    mistake: reject,
    silentSecondsMax,
  })
  const storing = new Child('ingest', [], environment, { emit, mistake: reject, silentSecondsMax })
  return {
    failed,
    stop: async () => {
      // In the order of a tick's way, so that what was received is stored.
      const clean = [await recorder.stop(), await storing.stop()]
      if (clean.includes(false)) throw new ChildKilled()
    },
  }
}

/** What a process says to its supervisor: each second once it runs that it is alive, and before it ends by itself why. */
export type ToSupervisor = { alive: true } | { ending: string }

interface ChildOptions {
  emit: Emit
  mistake: (error: Error) => void
  silentSecondsMax: number
}

class Child {
  readonly #command: string
  readonly #arguments: string[]
  readonly #environment: NodeJS.ProcessEnv
  readonly #emit: Emit
  readonly #mistake: (error: Error) => void
  readonly #silentSecondsMax: number
  #child: ChildProcess
  /** Seconds of ours, so that a machine that slept kills nothing; undefined until its first sign of life. */
  #silentSeconds: number | undefined
  readonly #watching: NodeJS.Timeout
  #startedMs = 0
  #restarts = 0
  #timer: NodeJS.Timeout | undefined
  #stopping = false
  #worked = false
  #lastWords: string | undefined

  constructor(
    command: string,
    args: string[],
    environment: NodeJS.ProcessEnv,
    { emit, mistake, silentSecondsMax }: ChildOptions,
  ) {
    this.#command = command
    this.#arguments = args
    this.#environment = environment
    this.#emit = emit
    this.#mistake = mistake
    this.#silentSecondsMax = silentSecondsMax
    this.#child = this.#start()
    this.#watching = setInterval(() => this.#watch(), ALIVE_EVERY_MS)
  }

  /** False if it did not end by itself, or not with what it had to do done. */
  async stop(): Promise<boolean> {
    this.#stopping = true
    clearTimeout(this.#timer)
    clearInterval(this.#watching)
    const child = this.#child
    const stoppedMs = performance.now()
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit')
      if (child.connected) child.disconnect()
      const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
      await ended
      clearTimeout(kill)
    }
    if (child.exitCode === 0) return true
    const afterMs = Math.round(performance.now() - stoppedMs)
    this.#emit('child_unclean', {
      child: this.#command,
      afterMs,
      how: this.#howEnded(child.exitCode, child.signalCode),
    })
    return false
  }

  /** `after`: how the one before ended, which the new one tells, so that it is seen on the page too. */
  #start(after?: string): ChildProcess {
    this.#startedMs = performance.now()
    this.#lastWords = undefined
    this.#silentSeconds = undefined
    const restarted = after === undefined ? [] : ['--restarted-after', after]
    const child = fork(CLI, [this.#command, ...this.#arguments, ...restarted], {
      env: this.#environment,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    child.once('exit', (code, signal) => this.#ended(code, signal))
    child.on('message', (said: ToSupervisor) => {
      if ('ending' in said) this.#lastWords = said.ending
      else this.#silentSeconds = 0
    })
    // Without a listener a fork that fails would end this process; `exit` then never comes.
    child.once('error', () => {
      if (child.pid === undefined) this.#ended(1, null)
    })
    this.#emit('child_started', { child: this.#command, pid: child.pid ?? 0 })
    return child
  }

  /** A fatal signal in its main thread leaves a process that neither works nor ends. */
  #watch(): void {
    if (this.#silentSeconds === undefined || ++this.#silentSeconds <= this.#silentSecondsMax) return
    this.#lastWords = `no sign of life for ${this.#silentSecondsMax} s`
    this.#silentSeconds = undefined
    this.#child.kill('SIGKILL')
  }

  #ended(code: number | null, signal: string | null): void {
    if (this.#stopping) return
    if (performance.now() - this.#startedMs > HEALTHY_MS) {
      this.#restarts = 0
      this.#worked = true
    }
    // Once it has worked, what it calls a mistake is not the user's start: a full disk must not end the recorder beside it.
    if (code === EXIT_MISTAKE && !this.#worked) {
      this.#mistake(new ChildMistake())
      return
    }
    const waitMs = Math.min(RESTART_MS_MIN * 2 ** this.#restarts++, RESTART_MS_MAX)
    const how = this.#howEnded(code, signal)
    this.#emit('child_ended', { child: this.#command, how, waitMs })
    this.#timer = setTimeout(() => {
      this.#child = this.#start(how)
    }, waitMs)
  }

  #howEnded(code: number | null, signal: string | null): string {
    return [signal ?? `code ${code}`, ...(this.#lastWords ? [this.#lastWords] : [])].join(': ')
  }
}

/** A stop that was not clean: which process, and how it ended, has been told. */
export class ChildKilled extends Error {}

/** A child has told the user what is wrong; there is nothing to add. */
export class ChildMistake extends Error {}
