/** Receivers of a watcher's messages: a mail server and an HTTP server. */

import { type Owner, WAIT_MS_MAX } from '../processes/tickhouse.ts'
import { HttpReceiver, headerOf, MailServer } from './alert-receivers.ts'

/** A message of the generic webhook. */
export interface AlertMessage {
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
  readonly #http: HttpReceiver
  readonly #mail: MailServer

  static async open(t: Owner): Promise<Receivers> {
    return new Receivers(await HttpReceiver.open(t), await MailServer.open(t))
  }

  private constructor(http: HttpReceiver, mail: MailServer) {
    this.#http = http
    this.#mail = mail
  }

  /** Settings of a watcher for these receivers. */
  get settings() {
    return {
      ALERT_WEBHOOKS: `${this.#http.url}/alerts`,
      ALERT_SMTP: `smtp://127.0.0.1:${this.#mail.port}`,
      ALERT_EMAIL: 'operator@example.org',
      ALERT_FROM: 'tickhouse@example.org',
    }
  }

  /** In order of arrival. */
  get messages(): AlertMessage[] {
    return this.#http.posted.map(({ body }) => JSON.parse(body) as AlertMessage)
  }

  get mails(): number {
    return this.#mail.mails.length
  }

  /** Deletes all received messages. */
  forget(): void {
    this.#http.posted.length = 0
    this.#mail.mails.length = 0
  }

  /** Messages of a kind about an alert. */
  of(name: string, kind: AlertMessage['kind']): AlertMessage[] {
    return this.messages.filter(each => each.name === name && each.kind === kind)
  }

  /** The first message of a kind about an alert, once its mail came too. Rejects after `WAIT_MS_MAX`. */
  async takes(name: string, kind: AlertMessage['kind']): Promise<AlertMessage> {
    const late = AbortSignal.timeout(WAIT_MS_MAX)
    const mark = kind === 'closed' ? /RESOLVED/ : /CRITICAL|WARNING/
    for (;;) {
      const [found] = this.of(name, kind)
      const subjects = this.#mail.mails.map(mail => headerOf(mail, 'subject')!)
      if (found && subjects.some(subject => mark.test(subject) && subject.endsWith(found.title))) return found
      if (late.aborted) throw new Error(`no message ${kind} ${name}: ${JSON.stringify(this.messages)}`)
      await this.#next(late)
    }
  }

  /** Resolves when something came, or it is late. */
  async #next(late: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = () => resolve()
    this.#http.came.once('request', wake)
    this.#mail.came.once('mail', wake)
    late.addEventListener('abort', wake)
    await promise
    this.#http.came.off('request', wake)
    this.#mail.came.off('mail', wake)
    late.removeEventListener('abort', wake)
  }
}
