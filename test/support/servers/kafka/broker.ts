/** One Kafka broker as a process of its own that a test may kill, stop for a while and start again on the same data. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const HEAP_MIB = 256
const START_MS_MAX = 120_000
const POLL_MS = 50

/** Kills the broker when the test process ends in any way, by the closed pipe. Prints the broker's pid. */
const GUARD = `exec 3<&0; "$@" 3<&- & java=$!; echo $java
{ cat <&3 >/dev/null; kill -KILL $java; } >/dev/null 2>&1 & wait $java`

export interface BrokerOptions {
  directory: string
  classPath: string
  /** The content of server.properties. */
  properties: Record<string, string | number>
  /** The ports of all listeners: open when the broker is up. */
  ports: number[]
  /** SCRAM users, made with the data directory, as kafka-storage takes them. */
  scram: string[]
}

export class Broker {
  readonly #options: BrokerOptions
  #guard: ChildProcess | undefined
  #pid = 0

  constructor(options: BrokerOptions) {
    this.#options = options
  }

  /** Where its settings and data are. */
  get directory(): string {
    return this.#options.directory
  }

  get #propertiesFile(): string {
    return join(this.#options.directory, 'server.properties')
  }

  get #outputFile(): string {
    return join(this.#options.directory, 'output.log')
  }

  /** Makes the data directory. To be called once. */
  async format(clusterId: string): Promise<void> {
    const { properties, classPath, scram } = this.#options
    const lines = Object.entries(properties).map(([key, value]) => `${key}=${value}`)
    writeFileSync(this.#propertiesFile, `${lines.join('\n')}\n`)
    const users = scram.flatMap(user => ['--add-scram', user])
    const tool = [
      '-Xmx128m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-cp',
      classPath,
    ]
    const format = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', this.#propertiesFile, ...users]
    await promisify(execFile)('java', [...tool, ...format])
  }

  /** Starts the broker; resolves when all its listeners are open. */
  async start(): Promise<void> {
    const { classPath, ports } = this.#options
    const memory = [
      `-Xms${HEAP_MIB}m`,
      `-Xmx${HEAP_MIB}m`,
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-XX:+ExitOnOutOfMemoryError',
    ]
    const java = ['java', ...memory, '-Djava.awt.headless=true', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn']
    const output = openSync(this.#outputFile, 'a')
    const guard = spawn('sh', ['-c', GUARD, 'sh', ...java, '-cp', classPath, 'kafka.Kafka', this.#propertiesFile], {
      stdio: ['pipe', 'pipe', output],
    })
    this.#guard = guard
    const [pid] = await once(createInterface(guard.stdout!), 'line')
    this.#pid = Number(pid)
    guard.stdout!.resume()
    const deadlineMs = performance.now() + START_MS_MAX
    for (const port of ports) {
      while (!(await isOpen(port))) {
        if (guard.exitCode !== null || performance.now() > deadlineMs)
          throw new Error(`the broker did not start: ${readFileSync(this.#outputFile, 'utf8').slice(-4000)}`)
        await sleep(POLL_MS)
      }
    }
  }

  /** kill -9: it writes and sends nothing more. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** The broker's own orderly end. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }

  /** Stands still, with its connections open, until `resume`. */
  pause(): void {
    process.kill(this.#pid, 'SIGSTOP')
  }

  resume(): void {
    process.kill(this.#pid, 'SIGCONT')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const guard = this.#guard
    if (!guard || guard.exitCode !== null) return
    const ended = once(guard, 'exit')
    process.kill(this.#pid, signal)
    await ended
    guard.stdin!.end()
  }
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
