/** Who a watcher tells, for a test: a real mail server and a real HTTP receiver, and the messages they took. */
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { type Owner, WAIT_MS_MAX } from './house.ts'

/** A message as the generic webhook tells it. */
export interface Told {
  kind: 'opened' | 'repeated' | 'more' | 'closed'
  name: string
  severity: string
  title: string
  what: string
  affected: string[]
  since: string
  lasted_seconds: number
}

export class Receivers {
  /** In the order taken. */
  readonly told: Told[] = []
  /** Mails as they came, with their headers. */
  readonly mails: string[] = []
  readonly #http = http.createServer((request, response) => void this.#take(request, response))
  readonly #smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, _session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', chunk => chunks.push(chunk))
      stream.on('end', () => {
        this.mails.push(Buffer.concat(chunks).toString())
        done()
        this.#wake()
      })
    },
  })
  readonly #waiting = new Set<() => void>()

  static async open(t: Owner): Promise<Receivers> {
    const receivers = new Receivers()
    receivers.#http.listen(0, '127.0.0.1')
    const smtp = receivers.#smtp.listen(0, '127.0.0.1')
    await Promise.all([once(receivers.#http, 'listening'), once(smtp, 'listening')])
    t.after(async () => {
      receivers.#http.closeAllConnections()
      await Promise.all([
        new Promise(resolve => receivers.#http.close(resolve)),
        new Promise<void>(resolve => receivers.#smtp.close(() => resolve())),
      ])
    })
    return receivers
  }

  /** What a watcher is told of them. */
  get settings() {
    const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port
    return {
      ALERT_WEBHOOKS: `http://127.0.0.1:${portOf(this.#http)}/alerts`,
      ALERT_SMTP: `smtp://127.0.0.1:${portOf(this.#smtp.server)}`,
      ALERT_EMAIL: 'operator@example.org',
      ALERT_FROM: 'tickhouse@example.org',
    }
  }

  /** Begins anew. */
  forget(): void {
    this.told.length = 0
    this.mails.length = 0
  }

  /** Messages of a kind about an alert. */
  of(name: string, kind: Told['kind']): Told[] {
    return this.told.filter(each => each.name === name && each.kind === kind)
  }

  /** The first message of a kind about an alert, once its mail came too. Rejects if they do not come in a minute. */
  async takes(name: string, kind: Told['kind']): Promise<Told> {
    const late = AbortSignal.timeout(WAIT_MS_MAX)
    const subject = kind === 'closed' ? 'RESOLVED' : '(CRITICAL|WARNING)'
    for (;;) {
      const [found] = this.of(name, kind)
      const title = found?.title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      const mailed = this.mails.some(mail => new RegExp(`Subject: .*${subject}.*${title}`, 's').test(unfolded(mail)))
      if (found && mailed) return found
      if (late.aborted) throw new Error(`nobody was told ${kind} ${name}: ${JSON.stringify(this.told)}`)
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

  async #take(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const body = Buffer.concat(await request.toArray()).toString()
    response.end()
    this.told.push(JSON.parse(body) as Told)
    this.#wake()
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }
}

/** Long headers are folded over lines. */
function unfolded(mail: string): string {
  return mail.replace(/\r\n[ \t]+/g, ' ')
}
