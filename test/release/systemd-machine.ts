/** systemd as on a machine of its own, with this machine's files and network. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { within } from '../support/judges/within.ts'
import { type Outcome, outcomeOf } from '../support/processes/outcome.ts'

const SCRIPT = fileURLToPath(new URL('./systemd-machine.sh', import.meta.url))
const BOOT_MS_MAX = 60_000
const COMMAND_MS_MAX = 300_000

export class SystemdMachine {
  readonly #directory: string
  readonly #unshare: ChildProcess
  /** Process 1 of the machine, as this machine numbers it. */
  #init = 0

  private constructor(directory: string, unshare: ChildProcess) {
    this.#directory = directory
    this.#unshare = unshare
  }

  /** A machine that has booted, or why there can be none. */
  static async boot(): Promise<SystemdMachine | string> {
    if (process.getuid!() !== 0) return 'systemd as a machine of its own needs root'
    if (!fs.existsSync('/lib/systemd/systemd')) return 'systemd is not installed'
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-systemd-'))
    const namespaces = ['--mount', '--pid', '--uts', '--ipc', '--cgroup', '--fork', '--propagation', 'private']
    const unshare = spawn('unshare', [...namespaces, SCRIPT, directory], { stdio: ['ignore', 'ignore', 'pipe'] })
    let errors = ''
    unshare.stderr.setEncoding('utf8').on('data', text => {
      errors += text
    })
    const machine = new SystemdMachine(directory, unshare)
    try {
      await within(BOOT_MS_MAX, async () => {
        if (unshare.exitCode !== null) return undefined
        machine.#init = childOf(unshare.pid!)
        if (machine.#init === 0) return 'no process 1'
        const { text } = await machine.run('systemctl is-system-running')
        return /^(running|degraded)/.test(text) ? undefined : text
      })
    } catch (error) {
      errors += (error as Error).message
    }
    if (unshare.exitCode === null && errors === '') return machine
    await machine.stop()
    return `systemd does not boot here: ${errors.trim().split('\n').at(-1)}`
  }

  /** Copies a file to it. */
  put(file: string, place: string): void {
    const { status, stderr } = spawnSync('nsenter', [...this.#into(), 'sh', '-c', `cat > ${place}`], {
      input: fs.readFileSync(file),
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(stderr)
  }

  #into = () => ['-t', `${this.#init}`, '-m', '-p', '-u', '-i', '-r', '-w']

  /** Runs a line as root of the machine. Rejects only if it does not end in time. */
  run(line: string): Promise<Outcome> {
    const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' }
    return outcomeOf('nsenter', [...this.#into(), 'bash', '-c', line], { env, timeout: COMMAND_MS_MAX })
  }

  /** Switches it off: every process on it ends, and its files are gone. */
  async stop(): Promise<void> {
    if (this.#unshare.exitCode === null) {
      if (this.#init !== 0) process.kill(this.#init, 'SIGKILL')
      else this.#unshare.kill('SIGKILL')
      await once(this.#unshare, 'exit')
    }
    fs.rmSync(this.#directory, { recursive: true, force: true })
  }
}

function childOf(pid: number): number {
  const { stdout } = spawnSync('pgrep', ['--parent', `${pid}`], { encoding: 'utf8' })
  return Number(stdout.trim().split('\n')[0])
}
