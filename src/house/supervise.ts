/**
 * Watches the two processes of the house and starts one again when it ends. A mistake of the user's (a port in use, a directory
 * that cannot be written) ends everything with its own words; a crash does not.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Config, toEnvironment } from '../config.ts'
import type { Emit } from '../observe/events.ts'
import type { Running } from '../pipeline.ts'
import type { RecorderStatus } from '../sources/status.ts'

const CLI = fileURLToPath(new URL('../cli.ts', import.meta.url))
/** The exit code of a process that told the user of a mistake: starting it again would only repeat it. */
export const EXIT_MISTAKE = 2
const RESTART_MS_MIN = 200
const RESTART_MS_MAX = 10_000
/** A process that ran this long is healthy: its next restart is quick again. */
const HEALTHY_MS = 10_000
/** Longer than any clean stop takes; then it is ended the hard way, which loses nothing. */
const STOP_MS_MAX = 15_000
/** Threads for the engine and the disk: long queries must not keep inserts from theirs. */
const THREADS = '16'

export function superviseHouse(config: Config, simulated: RecorderStatus['simulated'], emit: Emit): Running {
  const { promise: failed, reject } = Promise.withResolvers<never>()
  const environment = { ...process.env, ...toEnvironment(config), UV_THREADPOOL_SIZE: THREADS }
  const recorder = new Child(
    'record',
    simulated ? ['--simulated', JSON.stringify(simulated)] : [],
    environment,
    emit,
    reject,
  )
  const storing = new Child('ingest', [], environment, emit, reject)
  return {
    failed,
    stop: async () => {
      // In the order of a tick's way, so that what was received is stored.
      await recorder.stop()
      await storing.stop()
    },
  }
}

class Child {
  readonly #command: string
  readonly #arguments: string[]
  readonly #environment: NodeJS.ProcessEnv
  readonly #emit: Emit
  readonly #mistake: (error: Error) => void
  #child: ChildProcess
  #startedMs = 0
  #restarts = 0
  #timer: NodeJS.Timeout | undefined
  #stopping = false
  #worked = false

  constructor(
    command: string,
    args: string[],
    environment: NodeJS.ProcessEnv,
    emit: Emit,
    mistake: (error: Error) => void,
  ) {
    this.#command = command
    this.#arguments = args
    this.#environment = environment
    this.#emit = emit
    this.#mistake = mistake
    this.#child = this.#start()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#timer)
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    if (child.connected) child.disconnect()
    const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
    await ended
    clearTimeout(kill)
  }

  /** `after`: how the one before ended, which the new one tells, so that it is seen on the page too. */
  #start(after?: string): ChildProcess {
    this.#startedMs = performance.now()
    const restarted = after === undefined ? [] : ['--restarted-after', after]
    const child = fork(CLI, [this.#command, ...this.#arguments, ...restarted], {
      env: this.#environment,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    child.once('exit', (code, signal) => this.#ended(code, signal))
    // Without a listener a fork that fails would end this process; `exit` then never comes.
    child.once('error', () => {
      if (child.pid === undefined) this.#ended(1, null)
    })
    this.#emit('child_started', { child: this.#command, pid: child.pid ?? 0 })
    return child
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
    const how = signal ?? `code ${code}`
    this.#emit('child_ended', { child: this.#command, how, waitMs })
    this.#timer = setTimeout(() => {
      this.#child = this.#start(how)
    }, waitMs)
  }
}

/** A child has told the user what is wrong; there is nothing to add. */
export class ChildMistake extends Error {}
