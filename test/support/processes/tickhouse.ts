/**
 * Runs the house's processes for a test, as a user runs them, each in a directory of the test, and lets it wait for what they
 * tell: every line is an event in JSON.
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

const CLI = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url))
/** Longer than anything a test waits for takes on a busy machine: a test that hangs says for what. */
export const WAIT_MS_MAX = 60_000

export type Settings = Partial<Record<SettingName, string>>

/** One event as a process told it. `process` is the part of the house: start, record, ingest or serve. */
export interface Told {
  process: string
  event: EventName
  fields: Fields
}

/** A process of the house. */
export class Part {
  readonly child: ChildProcess
  readonly events: Told[] = []
  /** What it wrote that is no event: an error's own words. */
  words = ''
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  #ended = false
  readonly #waiting = new Set<() => void>()

  constructor(child: ChildProcess) {
    this.child = child
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

  /** Events of that name told so far whose fields have these values. */
  told(event: EventName, fields: Fields = {}): Fields[] {
    return this.events.filter(told => told.event === event && matches(told.fields, fields)).map(told => told.fields)
  }

  /** The `nth` event of that name with these values since the process started. Rejects if it ends, or in a minute. */
  tells(event: EventName, fields: Fields = {}, nth = 1): Promise<Fields> {
    return this.#found(() => this.told(event, fields)[nth - 1], `event ${event} number ${nth}`)
  }

  /** What it wrote, beside events, that matches. Rejects if it ends without, or in a minute. */
  says(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#found(() => pattern.exec(this.words) ?? undefined, String(pattern))
  }

  async #found<T>(look: () => T | undefined, what: string): Promise<T> {
    const late = AbortSignal.timeout(WAIT_MS_MAX)
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      if (this.#ended || late.aborted)
        throw new Error(`${this.#ended ? 'ended' : 'running'} without ${what}:\n${this.account()}`)
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

  /** Where it serves, such as `http://127.0.0.1:1234`. */
  async url(): Promise<string> {
    return String((await this.tells('serving')).url)
  }

  /** Resolves when all that the log holds is stored, as the page is told it. */
  async drained(): Promise<void> {
    // Before a partition is given to it, a process knows of none: that is not all stored.
    await this.until(
      ({ log }) => log.partitions.length > 0 && log.partitions.every(({ stored, next }) => stored >= next),
    )
  }

  /** Resolves when the stations, as the page is told of them twice a second, are as wanted. */
  async until(wanted: (stations: Messages['stations']) => boolean): Promise<void> {
    const stop = AbortSignal.timeout(WAIT_MS_MAX)
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
      throw new Error(`not as wanted: ${last}\n${this.account()}`, { cause: error })
    }
    throw new Error(`the live stream ended: ${last}\n${this.account()}`)
  }

  /** Sends the signal and resolves when it has ended. */
  async end(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    this.child.kill(signal)
    return this.exited
  }

  /** What it told last, for a failed test. */
  account(): string {
    const told = this.events
      .slice(-30)
      .map(({ process, event, fields }) => `${process} ${event} ${JSON.stringify(fields)}`)
    return [...told, this.words.slice(-2000)].join('\n')
  }

  #take(line: string): void {
    if (line.startsWith('{"level"')) {
      const { process, event, fields } = JSON.parse(line) as Told
      this.events.push({ process, event, fields })
    } else this.words += `${line}\n`
    this.#wake()
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }
}

/** Whose end is waited for: a test, or a suite that keeps what is to be done at its end. */
export interface Owner {
  after(work: () => void | Promise<void>): void
}

/** A directory with a log and a store, and the processes on them. Goes with its test, and ends what it started. */
export class House {
  readonly directory: string
  readonly #settings: Settings
  readonly #parts: Part[] = []
  readonly #mounted: string[] = []

  /** `settings` are those of every process. */
  constructor(t: Owner, settings: Settings = {}) {
    this.directory = mkdtempSync(join(tmpdir(), 'tickhouse-house-'))
    this.#settings = { LISTEN: '127.0.0.1:0', LOG_FORMAT: 'json', LOG_LEVEL: 'debug', ...settings }
    t.after(async () => {
      for (const part of this.#parts) if (part.running) await part.end('SIGKILL')
      // Lazily, because a failed test may have left files open.
      for (const place of this.#mounted) execFileSync('umount', ['-l', place])
      rmSync(this.directory, { recursive: true, force: true })
    })
  }

  /** Its lines are read as events, unless `output`, a file descriptor, takes them elsewhere. */
  run(
    command: 'start' | 'record' | 'ingest' | 'serve' | 'replay' | 'restore' | 'watch' | 'archive',
    settings: Settings = {},
    flags: readonly string[] = [],
    output: 'pipe' | number = 'pipe',
  ): Part {
    const own = Object.entries({ ...this.#settings, ...settings }).map(([name, value]) => [`TICKHOUSE_${name}`, value])
    const inherited = Object.entries(process.env).filter(([name]) => !/^(TICKHOUSE_|NODE_)/.test(name))
    const child = spawn(process.execPath, [CLI, command, ...flags], {
      cwd: this.directory,
      env: Object.fromEntries([...inherited, ...own]),
      stdio: ['ignore', output, 'pipe'],
    })
    const part = new Part(child)
    this.#parts.push(part)
    return part
  }

  /** Gives one of its directories a file system of its own that is really small. Undefined where that is not permitted. */
  mountSmall(name: string, bytes: number): string | undefined {
    const place = join(this.directory, name)
    mkdirSync(place, { recursive: true })
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', place]).status !== 0) return undefined
    this.#mounted.push(place)
    return place
  }

  /** Its log, to read, while or after the processes run. */
  log(mode: 'read' | 'write' = 'read'): Promise<OpenLog> {
    return openLog(this.#seenFromHere(this.#settings.LOG ?? 'sqlite:data/log'), mode)
  }

  /** Its store; one in the engine's directory only while no process has it open. */
  store(): Promise<Store> {
    return openStore(this.#seenFromHere(this.#settings.STORE ?? 'chdb:data/store'))
  }

  /** An address whose directory is one of ours. */
  #seenFromHere(address: string): string {
    return address.replace(/(?<=^\w+:)(?!\/)/, `${this.directory}/`)
  }
}

function matches(fields: Fields, wanted: Fields): boolean {
  return Object.entries(wanted).every(([name, value]) => fields[name] === value)
}
