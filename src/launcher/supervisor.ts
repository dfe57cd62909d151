/**
 * Supervises `record` and `ingest` as child processes and restarts a child that ends. A configuration mistake (a port
 * in use, a read-only directory) ends both with the child's message; a crash does not.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Config, toEnvironment } from '../config.ts'
import type { Running } from '../service.ts'
import type { RecorderStatus } from '../sources/status.ts'
import type { Emit } from '../telemetry/events.ts'
import { ChildKilled, ChildMistake, EXIT_MISTAKE } from './endings.ts'

const CLI = fileURLToPath(new URL('../cli.ts', import.meta.url))
const RESTART_MS_MIN = 200
const RESTART_MS_MAX = 10_000
/** A process that ran this long is healthy: its next restart is fast again. */
const HEALTHY_MS = 10_000
/** Longer than any clean stop; after it the process is killed, which loses no data. */
const STOP_MS_MAX = 15_000
/** Interval of a child's sign of life. */
export const ALIVE_EVERY_MS = 1_000
/** Far longer than a busy machine delays a process. */
const SILENT_SECONDS_MAX = 60
/** Threads for engine and disk: long queries must not take the threads of inserts. */
const THREADS = '16'

/** `silentSecondsMax`: a child without a sign of life for this long is killed. */
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
      // In the order of the pipeline, so that all received ticks are stored.
      const clean = [await recorder.stop(), await storing.stop()]
      if (clean.includes(false)) throw new ChildKilled()
    },
  }
}

/** A child's messages: a sign of life each second while it runs, and the reason before it exits by itself. */
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
  /** Counted by our own timer, so that a suspended machine kills nothing; undefined until the first sign of life. */
  #silentSeconds: number | undefined
  readonly #watchTimer: NodeJS.Timeout
  #startedMs = 0
  #restarts = 0
  #restartTimer: NodeJS.Timeout | undefined
  #stopping = false
  #wasHealthy = false
  #reason: string | undefined

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
    this.#watchTimer = setInterval(() => this.#watch(), ALIVE_EVERY_MS)
  }

  /** False unless it stopped cleanly by itself. */
  async stop(): Promise<boolean> {
    this.#stopping = true
    clearTimeout(this.#restartTimer)
    clearInterval(this.#watchTimer)
    const child = this.#child
    const beganMs = performance.now()
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit')
      if (child.connected) child.disconnect()
      const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
      await ended
      clearTimeout(kill)
    }
    if (child.exitCode === 0) return true
    const afterMs = Math.round(performance.now() - beganMs)
    this.#emit('child_unclean', {
      child: this.#command,
      afterMs,
      how: this.#howEnded(child.exitCode, child.signalCode),
    })
    return false
  }

  /** `after`: how the previous process ended; the new one logs it, so that the page shows it too. */
  #start(after?: string): ChildProcess {
    this.#startedMs = performance.now()
    this.#reason = undefined
    this.#silentSeconds = undefined
    const restarted = after === undefined ? [] : ['--restarted-after', after]
    const child = fork(CLI, [this.#command, ...this.#arguments, ...restarted], {
      env: this.#environment,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    child.once('exit', (code, signal) => this.#ended(code, signal))
    child.on('message', (message: ToSupervisor) => {
      if ('ending' in message) this.#reason = message.ending
      else this.#silentSeconds = 0
    })
    // Without a listener a failed fork would end this process; `exit` is not emitted then.
    child.once('error', () => {
      if (child.pid === undefined) this.#ended(1, null)
    })
    this.#emit('child_started', { child: this.#command, pid: child.pid ?? 0 })
    return child
  }

  /** After a fatal signal in its main thread a process neither works nor ends. */
  #watch(): void {
    if (this.#silentSeconds === undefined || ++this.#silentSeconds <= this.#silentSecondsMax) return
    this.#reason = `no sign of life for ${this.#silentSecondsMax} s`
    this.#silentSeconds = undefined
    this.#child.kill('SIGKILL')
  }

  #ended(code: number | null, signal: string | null): void {
    if (this.#stopping) return
    if (performance.now() - this.#startedMs > HEALTHY_MS) {
      this.#restarts = 0
      this.#wasHealthy = true
    }
    // Once it was healthy, this exit code is not a configuration mistake: a full disk must not end the recorder too.
    if (code === EXIT_MISTAKE && !this.#wasHealthy) {
      this.#mistake(new ChildMistake())
      return
    }
    const waitMs = Math.min(RESTART_MS_MIN * 2 ** this.#restarts++, RESTART_MS_MAX)
    const how = this.#howEnded(code, signal)
    this.#emit('child_ended', { child: this.#command, how, waitMs })
    this.#restartTimer = setTimeout(() => {
      this.#child = this.#start(how)
    }, waitMs)
  }

  #howEnded(code: number | null, signal: string | null): string {
    return [signal ?? `code ${code}`, ...(this.#reason ? [this.#reason] : [])].join(': ')
  }
}
