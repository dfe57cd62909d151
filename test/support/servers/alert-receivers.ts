/** Receivers of alerts: a mail server and an HTTP server that accept, refuse or do not respond, as the test sets. */
import { EventEmitter, once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import type { Message } from '../../../src/watch/alerts/alerts.ts'
import type { Owner } from '../processes/tickhouse.ts'

/** A message about a symbol; `fields` are of its alert. */
export function alertMessage(kind: Message['kind'], fields: Partial<Message['alert']> = {}): Message {
  return {
    kind,
    incident: 'stale-1764072000000',
    atMs: Date.UTC(2026, 10, 25, 12, 1),
    lastedMs: 60_000,
    alert: {
      name: 'stale',
      severity: 'critical',
      title: 'binance BTCUSDT has no new ticks',
      what: 'The newest tick is 60 s old.',
      sinceMs: Date.UTC(2026, 10, 25, 12),
      affected: ['binance BTCUSDT'],
      next: 'See whether the venue trades.',
      page: 'docs/watch.md#stale',
      silencedUntilMs: null,
      ...fields,
    },
  }
}

export interface Mail {
  from: string
  to: string[]
  user: string | undefined
  secure: boolean
  /** As it came: headers, an empty line, the text. */
  text: string
}

export class MailServer {
  readonly mails: Mail[]
  readonly port: number
  /** Emits each mail, once it is among those taken. */
  readonly came: EventEmitter<{ mail: [Mail] }>
  readonly #server: SMTPServer

  /** Without further options one that wants no login, and has no TLS. */
  static async open(t: Owner, options: SMTPServerOptions = {}): Promise<MailServer> {
    const mails: Mail[] = []
    const came = new EventEmitter<{ mail: [Mail] }>()
    const server = new SMTPServer({
      disabledCommands: options.onAuth ? ['STARTTLS'] : ['AUTH', 'STARTTLS'],
      authOptional: !options.onAuth,
      disableReverseLookup: true,
      ...options,
      onData: (stream, session, callback) => {
        const chunks: Buffer[] = []
        stream.on('data', chunk => chunks.push(chunk))
        stream.on('end', () => {
          const { mailFrom, rcptTo } = session.envelope
          const mail = {
            from: mailFrom ? mailFrom.address : '',
            to: rcptTo.map(({ address }) => address),
            user: session.user,
            secure: session.secure,
            text: Buffer.concat(chunks).toString(),
          }
          mails.push(mail)
          callback()
          came.emit('mail', mail)
        })
      },
    })
    server.on('error', () => {})
    server.listen(0, '127.0.0.1')
    await once(server.server, 'listening')
    t.after(() => new Promise<void>(resolve => server.close(resolve)))
    return new MailServer(server, mails, came)
  }

  /** One that refuses those whose address begins with three digits, with these as its reply. */
  static openPicky(t: Owner): Promise<MailServer> {
    return MailServer.open(t, {
      onRcptTo: ({ address }, _session, done) => {
        const responseCode = Number(address.slice(0, 3))
        done(responseCode ? Object.assign(new Error('not this one'), { responseCode }) : null)
      },
    })
  }

  private constructor(server: SMTPServer, mails: Mail[], came: MailServer['came']) {
    this.#server = server
    this.mails = mails
    this.came = came
    this.port = (server.server.address() as AddressInfo).port
  }

  get connections(): number {
    return (this.#server as unknown as { connections: Set<unknown> }).connections.size
  }
}

/** The lines of a header, unfolded; undefined if the mail has none of that name. */
export function headerOf({ text }: Mail, name: string): string | undefined {
  const head = text.slice(0, text.indexOf('\r\n\r\n')).replaceAll(/\r\n[ \t]+/g, ' ')
  return head
    .split('\r\n')
    .find(line => line.toLowerCase().startsWith(`${name.toLowerCase()}: `))
    ?.slice(name.length + 2)
}

export interface Posted {
  path: string
  headers: http.IncomingHttpHeaders
  body: string
}

/** What the server does with a request; it must answer, or not. */
export type Answer = (response: http.ServerResponse) => void

export class HttpReceiver {
  readonly posted: Posted[] = []
  answer: Answer = response => response.end('ok')
  /** Emits each request, before it is answered. */
  readonly came = new EventEmitter<{ request: [Posted] }>()
  readonly #server = http.createServer(async (request, response) => {
    response.on('error', () => {})
    const body = Buffer.concat(await request.toArray()).toString()
    const posted = { path: request.url!, headers: request.headers, body }
    this.posted.push(posted)
    this.came.emit('request', posted)
    this.answer(response)
  })

  static async open(t: Owner): Promise<HttpReceiver> {
    const receiver = new HttpReceiver()
    receiver.#server.listen(0, '127.0.0.1')
    await once(receiver.#server, 'listening')
    t.after(() => {
      receiver.#server.closeAllConnections()
      receiver.#server.close()
    })
    return receiver
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }
}
