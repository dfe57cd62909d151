/**
 * Supervises `record` and `ingest` as child processes and restarts a child that ends. A configuration mistake (a port
 * in use, a read-only directory) ends both with the child's message; a crash does not. An upgrade replaces both by the
 * version on disk; this process stays.
 */
import { randomUUID } from 'node:crypto'
import { type Config, SIGNING_KEY, toEnvironment } from '../config.ts'
import type { Running, UpgradeStatus } from '../service.ts'
import type { RecorderStatus } from '../sources/status.ts'
import type { Emit } from '../telemetry/events.ts'
import { Child, type ChildOptions } from './child.ts'
import { ChildKilled } from './endings.ts'
import { replaceRecorder, replaceStoring } from './upgrade.ts'

/** Far longer than a busy machine delays a process. */
const SILENT_SECONDS_MAX = 60
/** Threads for engine and disk: long queries must not take the threads of inserts. */
const THREADS = '16'

export interface Supervised extends Running {
  /** Replaces the processes by the version on disk; one at a time. Never rejects. */
  upgrade(): Promise<UpgradeStatus>
}

/** `silentSecondsMax`: a child without a sign of life for this long is killed. */
export function superviseProcesses(
  config: Config,
  simulated: RecorderStatus['simulated'],
  emit: Emit,
  silentSecondsMax = SILENT_SECONDS_MAX,
): Supervised {
  return new Supervisor(config, simulated, emit, silentSecondsMax)
}

class Supervisor implements Supervised {
  readonly failed: Promise<never>
  readonly #emit: Emit
  readonly #upgradeSeconds: number
  readonly #recorderArguments: readonly string[]
  readonly #options: ChildOptions
  #recorder: Child
  #storing: Child
  #upgrading: Promise<UpgradeStatus> | undefined
  #status: UpgradeStatus | undefined
  #stopping = false

  constructor(config: Config, simulated: RecorderStatus['simulated'], emit: Emit, silentSecondsMax: number) {
    const { promise, reject } = Promise.withResolvers<never>()
    this.failed = promise
    this.#emit = emit
    this.#upgradeSeconds = config.UPGRADE_SECONDS
    this.#recorderArguments = simulated ? ['--simulated', JSON.stringify(simulated)] : []
    this.#options = {
      emit,
      mistake: reject,
      silentSecondsMax,
      environment: { ...process.env, ...toEnvironment(config), UV_THREADPOOL_SIZE: THREADS },
      onMessage: message => {
        if ('upgrade' in message) void this.upgrade()
        if ('started' in message && this.#status) this.#storing.send({ upgrade: this.#status })
      },
    }
    this.#recorder = this.#startRecorder()
    this.#storing = this.#startStoring()
  }

  upgrade(): Promise<UpgradeStatus> {
    this.#upgrading ??= this.#upgrade().finally(() => {
      this.#upgrading = undefined
    })
    return this.#upgrading
  }

  async stop(): Promise<void> {
    this.#stopping = true
    // In the order of the pipeline, so that all received ticks are stored.
    const clean = [await this.#recorder.stop(), await this.#storing.stop()]
    if (clean.includes(false)) throw new ChildKilled()
  }

  async #upgrade(): Promise<UpgradeStatus> {
    let status: UpgradeStatus = { id: randomUUID(), state: 'running', lines: [] }
    const report = (line: string, state: UpgradeStatus['state'] = 'running'): UpgradeStatus => {
      status = { ...status, state, lines: [...status.lines, line] }
      this.#status = status
      this.#storing.send({ upgrade: status })
      return status
    }
    const startedMs = performance.now()
    this.#emit('upgrade_started', {})
    report('starting the recorder of the version on disk beside the running one')
    const next = this.#startRecorder(['--beside'])
    const why = await replaceRecorder(this.#recorder, next, this.#upgradeSeconds, line => report(line))
    if (this.#stopping) {
      next.kill()
      return status
    }
    if (why !== undefined) {
      this.#emit('upgrade_rolled_back', { why })
      return report(`rolled back: ${why}. The running version has recorded all the time`, 'rolled back')
    }
    this.#recorder = next
    report('the recorder was replaced; now the process that stores and serves the page')
    const failed = await replaceStoring(this.#storing, () => {
      this.#storing = this.#startStoring([])
      return this.#storing
    })
    if (this.#stopping) return status
    if (failed !== undefined) {
      this.#emit('upgrade_failed', { why: failed })
      return report(`storing was not replaced: ${failed}. Recording goes on, and ticks wait in the log`, 'failed')
    }
    const tookMs = Math.round(performance.now() - startedMs)
    this.#emit('upgrade_done', { tookMs })
    return report(`done after ${tookMs} ms`, 'done')
  }

  #startRecorder(first?: readonly string[]): Child {
    // Empty, not absent: an absent one would be read from `.env`.
    const without = Object.fromEntries(SIGNING_KEY.map(name => [name, '']))
    const environment = { ...this.#options.environment, ...without }
    return new Child('record', this.#recorderArguments, { ...this.#options, environment }, first)
  }

  #startStoring(first?: readonly string[]): Child {
    return new Child('ingest', [], this.#options, first)
  }
}
