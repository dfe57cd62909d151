/**
 * Messages by mail over SMTP, with TLS and login as in the URL. One channel per recipient: a server may accept a mail
 * for one recipient and refuse it for another.
 */
import { createTransport } from 'nodemailer'
import type { Message } from '../alerts/alerts.ts'
import { referenceOf } from '../references.ts'
import { type Channel, Refused, SEND_MS_MAX } from './channel.ts'
import { textOf } from './message-format.ts'

/** Too large, or refused for its content (RFC 5321). Other refusals concern the sender, and a person may fix them. */
const MESSAGE_REFUSED: ReadonlySet<number> = new Set([552, 554])

export interface EmailOptions {
  /** `smtp://user:password@host:port`, or `smtps://` */
  smtp: string
  from: string
  /** The address of this channel. */
  recipient: string
  /** All recipients, for the header. */
  to: string
  sendMsMax?: number
}

export class EmailChannel implements Channel {
  readonly name: string
  readonly reference: string
  readonly #options: EmailOptions

  constructor(options: EmailOptions) {
    this.#options = options
    this.name = `mail to ${options.recipient}`
    this.reference = referenceOf(options.smtp)
  }

  async send(message: Message, instance: string): Promise<void> {
    const { smtp, from, recipient, to, sendMsMax = SEND_MS_MAX } = this.#options
    const { subject, body } = textOf(message, instance)
    const { incident, kind, atMs, alert } = message
    const domain = from.slice(from.lastIndexOf('@') + 1).replace(/[^\w.-]/g, '') || 'tickhouse'
    const idOf = (part: string) => `<${incident}-${part}@${domain}>`
    const signal = AbortSignal.timeout(sendMsMax)
    const transport = createTransport(smtp)
    try {
      const mail = {
        from,
        to,
        envelope: { from, to: recipient },
        subject,
        text: body,
        // All messages about one incident form one thread; a message sent twice has the same id.
        messageId: kind === 'opened' ? idOf('opened') : idOf(`${kind}-${atMs}`),
        ...(kind === 'opened' ? {} : { inReplyTo: idOf('opened'), references: idOf('opened') }),
        priority: alert.severity === 'critical' && kind !== 'closed' ? 'high' : 'normal',
        // Limits the whole exchange: the limits of nodemailer are per step.
        signal,
      } as const
      await transport.sendMail(mail).catch(error => {
        if (signal.aborted) throw new Error(`no answer within ${sendMsMax / 1000} s`)
        throw refusalOf(error)
      })
    } finally {
      transport.close()
    }
  }
}

/** The meaning of a failure by the server's reply: 4xx is temporary, 5xx permanent (RFC 5321). */
function refusalOf(error: Error & { command?: string; responseCode?: number; response?: string }): Error {
  const { command, responseCode = 0, response, message } = error
  if (command === 'RCPT TO' && responseCode >= 500)
    return new Refused(`refused permanently: ${response}`, { permanent: true })
  if (command === 'RCPT TO' && responseCode >= 400) return new Error(`refused temporarily: ${response}`)
  return MESSAGE_REFUSED.has(responseCode) ? new Refused(message) : error
}
