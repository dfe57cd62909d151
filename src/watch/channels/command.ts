/** Messages to a command of the user: JSON on standard input, the text in the environment. */
import { spawn } from 'node:child_process'
import { PREFIX } from '../../environment.ts'
import type { Message } from '../alerts/alerts.ts'
import { type Channel, SEND_MS_MAX } from './channel.ts'
import { textOf, toJson } from './message-format.ts'

export class CommandChannel implements Channel {
  readonly name = 'command'
  readonly reference = null
  readonly #command: string
  readonly #sendMsMax: number

  /** A command line for the shell. */
  constructor(command: string, sendMsMax = SEND_MS_MAX) {
    this.#command = command
    this.#sendMsMax = sendMsMax
  }

  async send(message: Message, instance: string): Promise<void> {
    const { subject, body } = textOf(message, instance)
    const { kind, alert } = message
    const child = spawn(this.#command, {
      shell: true,
      // In its own process group, so that the shell's children end with it.
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
      env: {
        ...foreignVariables(),
        ALERT_KIND: kind,
        ALERT_NAME: alert.name,
        ALERT_SEVERITY: alert.severity,
        ALERT_SUBJECT: subject,
        ALERT_BODY: body,
      },
    })
    const late = setTimeout(() => endGroup(child.pid), this.#sendMsMax)
    let errors = ''
    child.stderr.on('data', chunk => (errors = (errors + chunk).slice(-500)))
    // A command need not read its input.
    child.stdin.on('error', () => {})
    child.stdin.end(`${JSON.stringify(toJson(message, instance))}\n`)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    child.on('error', reject)
    child.once('exit', (code, signal) =>
      code === 0 ? resolve() : reject(new Error(`it ended with ${signal ?? `code ${code}`}: ${errors.trim()}`)),
    )
    try {
      await promise
    } finally {
      clearTimeout(late)
    }
  }
}

/** The environment without settings: some are secrets, and addresses may contain passwords. */
function foreignVariables(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith(PREFIX)))
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It has just ended.
  }
}
