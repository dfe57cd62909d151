/**
 * Runs tickhouse processes for a test, as a user runs them, in a directory of the test, and waits for events: every
 * line of their log is an event in JSON.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { SettingName } from '../../../src/config.ts'
import type { OpenLog } from '../../../src/log/log.ts'
import { openLog } from '../../../src/log/open.ts'
import type { Messages } from '../../../src/serve/page/protocol.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/store.ts'
import type { EventName, Fields } from '../../../src/telemetry/events.ts'
import { WAIT_MS_MAX } from '../judges/within.ts'

export { WAIT_MS_MAX }

const CLI = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url))

export type Settings = Partial<Record<SettingName, string>>

/** An event a process logged. `process` is its mode: start, record, ingest or serve. */
export interface LoggedEvent {
  process: string
  event: EventName
  fields: Fields
}

/** A process of tickhouse. */
export class TestProcess {
  readonly child: ChildProcess
  readonly events: LoggedEvent[] = []
  /** Lines that are not events: text of errors and commands. */
  output = ''
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  #ended = false
  readonly #waiting = new Set<() => void>()
  readonly #log: string

  /** `log` is the address of its log. */
  constructor(child: ChildProcess, log = '') {
    this.child = child
    this.#log = log
    for (const stream of [child.stdout, child.stderr])
      if (stream) createInterface({ input: stream }).on('line', line => this.#take(line))
    // `close`, not `exit`: by then everything it wrote was read.
    this.exited = once(child, 'close').then(([code, signal]) => {
      this.#ended = true
      this.#wake()
      return { code, signal }
    })
  }

  get pid(): number {
    return this.child.pid!
  }

  get running(): boolean {
    return !this.#ended
  }

  /** Fields of the events with this name and these field values logged so far. */
  logged(event: EventName, fields: Fields = {}): Fields[] {
    return this.events
      .filter(logged => logged.event === event && matches(logged.fields, fields))
      .map(logged => logged.fields)
  }

  /** The `nth` event of that name with these field values. Rejects if the process ends first, and after `WAIT_MS_MAX`. */
  waitFor(event: EventName, fields: Fields = {}, nth = 1): Promise<Fields> {
    return this.#waitUntil(() => this.logged(event, fields)[nth - 1], `event ${event} number ${nth}`)
  }

  /** First match in `output`. Rejects if the process ends first, and after `WAIT_MS_MAX`. */
  waitForOutput(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#waitUntil(() => pattern.exec(this.output) ?? undefined, String(pattern))
  }

  async #waitUntil<T>(look: () => T | undefined, what: string): Promise<T> {
    const late = AbortSignal.timeout(WAIT_MS_MAX)
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      if (this.#ended || late.aborted)
        throw new Error(`${this.#ended ? 'ended' : 'running'} without ${what}:\n${this.recentOutput()}`)
      await new Promise<void>(resolve => {
        const wake = () => {
          this.#waiting.delete(wake)
          late.removeEventListener('abort', wake)
          resolve()
        }
        this.#waiting.add(wake)
        late.addEventListener('abort', wake)
      })
    }
  }

  /** URL it serves: `http://127.0.0.1:1234`. */
  async url(): Promise<string> {
    return String((await this.waitFor('serving')).url)
  }

  /**
   * Resolves when every record that the log has now is stored, by the page's live stream; waits as long as more is
   * stored.
   */
  async drained(): Promise<void> {
    const ends = await this.#ends()
    // Before its first assignment a process lists no partition.
    await this.until(
      ({ log }) =>
        log.partitions.length > 0 &&
        log.partitions.every(({ partition, stored, next }) => stored >= Math.max(next, ends[partition] ?? 0)),
      ({ log }) => log.partitions.reduce((sum, { stored }) => sum + stored, 0),
    )
  }

  /** The next offset of each partition of a log in Kafka, whose end a process knows up to a second late. */
  async #ends(): Promise<number[]> {
    if (!this.#log.startsWith('kafka:')) return []
    const log = await openLog(this.#log, 'read')
    const partitions = Array.from({ length: log.partitions }, (_, partition) => partition)
    const bounds = await Promise.all(partitions.map(partition => log.refresh(partition)))
    await log.close()
    return bounds.map(({ next }) => next)
  }

  /**
   * Resolves when the status of the stages, sent to the page twice a second and evaluated after this call, satisfies a
   * condition. The wait begins again when `progress` changes.
   */
  async until(
    wanted: (stations: Messages['stations']) => boolean,
    progress: (stations: Messages['stations']) => number = () => 0,
  ): Promise<void> {
    const stop = new AbortController()
    const timer = setTimeout(() => stop.abort(), WAIT_MS_MAX)
    let before = 0
    const calledAtMs = Date.now()
    try {
      await this.#untilStopped(stop.signal, stations => {
        // On a busy machine the first one may have been under way before the stream was opened.
        if (stations.atMs < calledAtMs) return false
        const now = progress(stations)
        if (now !== before) timer.refresh()
        before = now
        return wanted(stations)
      })
    } finally {
      clearTimeout(timer)
    }
  }

  async #untilStopped(stop: AbortSignal, wanted: (stations: Messages['stations']) => boolean): Promise<void> {
    const response = await fetch(`${await this.url()}/api/live`, { signal: stop })
    let rest = ''
    let last = ''
    try {
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        const messages = (rest + chunk).split('\n\n')
        rest = messages.pop()!
        for (const message of messages) {
          const [, data] = /^event: stations\ndata: (.*)$/.exec(message) ?? []
          if (data === undefined) continue
          last = data
          if (wanted(JSON.parse(data) as Messages['stations'])) return
        }
      }
    } catch (error) {
      throw new Error(`not as wanted: ${last}\n${this.recentOutput()}`, { cause: error })
    }
    throw new Error(`the live stream ended: ${last}\n${this.recentOutput()}`)
  }

  /** Sends the signal and resolves when the process has ended. */
  async end(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    this.child.kill(signal)
    return this.exited
  }

  /** The last events and output, for the error of a failed test. */
  recentOutput(): string {
    const logged = this.events
      .slice(-30)
      .map(({ process, event, fields }) => `${process} ${event} ${JSON.stringify(fields)}`)
    return [...logged, this.output.slice(-2000)].join('\n')
  }

  #take(line: string): void {
    if (line.startsWith('{"level"')) {
      const { process, event, fields } = JSON.parse(line) as LoggedEvent
      this.events.push({ process, event, fields })
    } else this.output += `${line}\n`
    this.#wake()
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }
}

/** Runs cleanup at its end: a test, or a suite. */
export interface Owner {
  after(work: () => void | Promise<void>): void
}

/** A directory with a log and a store, and the processes on them. Ends them and is removed with its test. */
export class TestInstance {
  readonly directory: string
  readonly #settings: Settings
  readonly #program: string
  readonly #processes: TestProcess[] = []
  readonly #mounted: string[] = []

  /** `settings` apply to every process; `program` is another `src/cli.ts` to run. */
  constructor(t: Owner, settings: Settings = {}, program = CLI) {
    this.#program = program
    this.directory = mkdtempSync(join(tmpdir(), 'tickhouse-test-'))
    this.#settings = { LISTEN: '127.0.0.1:0', LOG_FORMAT: 'json', LOG_LEVEL: 'debug', ...settings }
    t.after(async () => {
      for (const each of this.#processes) if (each.running) await each.end('SIGKILL')
      // Lazily, because a failed test may have left files open.
      for (const mount of this.#mounted) execFileSync('umount', ['-l', mount])
      rmSync(this.directory, { recursive: true, force: true })
    })
  }

  /** The same directory and settings with another program. */
  withProgram(program: string): Pick<TestInstance, 'run'> {
    return { run: (command, settings, flags, output) => this.run(command, settings, flags, output, program) }
  }

  /** Starts a process. Its log is read as events, unless `output` is a file descriptor. */
  run(
    command: 'start' | 'record' | 'ingest' | 'serve' | 'replay' | 'restore' | 'watch' | 'archive' | 'upgrade' | 'lab',
    settings: Settings = {},
    flags: readonly string[] = [],
    output: 'pipe' | number = 'pipe',
    program = this.#program,
  ): TestProcess {
    const own = Object.entries({ ...this.#settings, ...settings }).map(([name, value]) => [`TICKHOUSE_${name}`, value])
    const inherited = Object.entries(process.env).filter(([name]) => !/^(TICKHOUSE_|NODE_)/.test(name))
    const child = spawn(process.execPath, [program, command, ...flags], {
      cwd: this.directory,
      env: Object.fromEntries([...inherited, ...own]),
      stdio: ['ignore', output, 'pipe'],
    })
    const started = new TestProcess(child, settings.LOG ?? this.#settings.LOG)
    this.#processes.push(started)
    return started
  }

  /** Mounts a small file system on one of its directories. Undefined if that is not permitted. */
  mountSmall(name: string, bytes: number): string | undefined {
    const mount = join(this.directory, name)
    mkdirSync(mount, { recursive: true })
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', mount]).status !== 0) return undefined
    this.#mounted.push(mount)
    return mount
  }

  /** Opens its log, also while processes run. */
  log(mode: 'read' | 'write' = 'read'): Promise<OpenLog> {
    return openLog(this.#absolute(this.#settings.LOG ?? 'sqlite:data/log'), mode)
  }

  /** Opens its store; an embedded one only while no process has it open. */
  store(): Promise<Store> {
    return openStore(this.#absolute(this.#settings.STORE ?? 'chdb:data/store'))
  }

  /** Makes the directory of an address absolute. */
  #absolute(address: string): string {
    return address.replace(/(?<=^\w+:)(?!\/)/, `${this.directory}/`)
  }
}

function matches(fields: Fields, wanted: Fields): boolean {
  return Object.entries(wanted).every(([name, value]) => fields[name] === value)
}
