/** A child process of `start`, which is started again when it ends. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Emit } from '../telemetry/events.ts'
import { ChildMistake, EXIT_MISTAKE } from './endings.ts'
import type { ToChild, ToSupervisor } from './messages.ts'

const CLI = fileURLToPath(new URL('../cli.ts', import.meta.url))
const RESTART_MS_MIN = 200
const RESTART_MS_MAX = 10_000
/** A process that ran this long since it was open is healthy: its next restart is fast again. */
const HEALTHY_MS = 10_000
/** Longer than any clean stop; after it the process is killed, which loses no data. */
const STOP_MS_MAX = 15_000
/** Interval of a child's sign of life. */
export const ALIVE_EVERY_MS = 1_000

export interface ChildOptions {
  emit: Emit
  mistake: (error: Error) => void
  /** It is killed after this long without a sign of life. */
  silentSecondsMax: number
  environment: NodeJS.ProcessEnv
  onMessage: (message: ToSupervisor) => void
}

export class Child {
  readonly #command: string
  readonly #arguments: readonly string[]
  readonly #options: ChildOptions
  readonly #listeners = new Set<(message: ToSupervisor) => void>()
  #child: ChildProcess
  #end = Promise.withResolvers<string>()
  /** Counted by our own timer, so that a suspended machine kills nothing; undefined until the first sign of life. */
  #silentSeconds: number | undefined
  readonly #watchTimer: NodeJS.Timeout
  /** When the first sign of life came; a busy machine may take long until then, or until a mistake is found. */
  #openedMs: number | undefined
  #restarts = 0
  #restartTimer: NodeJS.Timeout | undefined
  #stopping = false
  /** Whether it is started again when it ends. */
  #kept: boolean
  #wasHealthy = false
  #reason: string | undefined

  /** `firstArguments`: of a process on trial, for its first start only; it is started again only after `keep`. */
  constructor(command: string, args: readonly string[], options: ChildOptions, firstArguments?: readonly string[]) {
    this.#command = command
    this.#arguments = args
    this.#options = options
    this.#kept = firstArguments === undefined
    this.#child = this.#start(firstArguments)
    this.#watchTimer = setInterval(() => this.#watch(), ALIVE_EVERY_MS)
  }

  /** Resolves with how it ended, of a process that is not kept. */
  get ended(): Promise<string> {
    return this.#end.promise
  }

  /** From now on it is started again when it ends, and no end of it ends `start`. */
  keep(): void {
    this.#kept = true
    this.#wasHealthy = true
    const { exitCode, signalCode } = this.#child
    if (exitCode !== null || signalCode !== null) this.#ended(exitCode, signalCode)
  }

  /** From now on it is not started again. */
  release(): void {
    this.#kept = false
  }

  send(message: ToChild): void {
    if (this.#child.connected) this.#child.send(message, undefined, undefined, () => {})
  }

  /** Calls `listener` with each message until the returned function is called. */
  onMessage(listener: (message: ToSupervisor) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves with what `read` makes of a message, when it makes something of it. */
  async message<T>(read: (message: ToSupervisor) => T | undefined): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<T>()
    const off = this.onMessage(message => {
      const found = read(message)
      if (found !== undefined) resolve(found)
    })
    return await promise.finally(off)
  }

  /** False unless it stopped cleanly by itself. */
  async stop(): Promise<boolean> {
    this.#halt()
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
    this.#options.emit('child_unclean', {
      child: this.#command,
      afterMs,
      how: this.#howEnded(child.exitCode, child.signalCode),
    })
    return false
  }

  /** Ends it immediately. */
  kill(): void {
    this.#halt()
    this.#child.kill('SIGKILL')
  }

  #halt(): void {
    this.#stopping = true
    clearTimeout(this.#restartTimer)
    clearInterval(this.#watchTimer)
  }

  /** `after`: how the previous process ended; the new one logs it, so that the page shows it too. */
  #start(firstArguments: readonly string[] = [], after?: string): ChildProcess {
    const { emit, environment, onMessage } = this.#options
    this.#openedMs = undefined
    this.#reason = undefined
    this.#silentSeconds = undefined
    this.#end = Promise.withResolvers()
    const restarted = after === undefined ? firstArguments : ['--restarted-after', after]
    const child = fork(CLI, [this.#command, ...this.#arguments, ...restarted], {
      env: environment,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    child.once('exit', (code, signal) => this.#ended(code, signal))
    child.on('message', (message: ToSupervisor) => {
      if ('ending' in message) this.#reason = message.ending
      else this.#silentSeconds = 0
      if ('alive' in message) this.#openedMs ??= performance.now()
      for (const listener of this.#listeners) listener(message)
      onMessage(message)
    })
    // Without a listener a failed fork would end this process; `exit` is not emitted then.
    child.once('error', () => {
      if (child.pid === undefined) this.#ended(1, null)
    })
    emit('child_started', { child: this.#command, pid: child.pid ?? 0 })
    return child
  }

  /** After a fatal signal in its main thread a process neither works nor ends. */
  #watch(): void {
    const { silentSecondsMax } = this.#options
    if (this.#silentSeconds === undefined || ++this.#silentSeconds <= silentSecondsMax) return
    this.#reason = `no sign of life for ${silentSecondsMax} s`
    this.#silentSeconds = undefined
    this.#child.kill('SIGKILL')
  }

  #ended(code: number | null, signal: string | null): void {
    if (this.#stopping) return
    const how = this.#howEnded(code, signal)
    if (!this.#kept) {
      this.#end.resolve(how)
      return
    }
    if (this.#openedMs !== undefined && performance.now() - this.#openedMs > HEALTHY_MS) {
      this.#restarts = 0
      this.#wasHealthy = true
    }
    // Once it was healthy, this exit code is not a configuration mistake: a full disk must not end the recorder too.
    if (code === EXIT_MISTAKE && !this.#wasHealthy) {
      this.#options.mistake(new ChildMistake())
      return
    }
    const waitMs = Math.min(RESTART_MS_MIN * 2 ** this.#restarts++, RESTART_MS_MAX)
    this.#options.emit('child_ended', { child: this.#command, how, waitMs })
    this.#restartTimer = setTimeout(() => {
      this.#child = this.#start([], how)
    }, waitMs)
  }

  #howEnded(code: number | null, signal: string | null): string {
    return [signal ?? `code ${code}`, ...(this.#reason ? [this.#reason] : [])].join(': ')
  }
}
