/**
 * Alerts by mail: SMTP, with TLS and login as the address says. A route for each recipient, since a server that takes a mail takes
 * it for some of them and refuses it for others: what one has, another waits for.
 */
import { createTransport } from 'nodemailer'
import type { Message } from '../alerts/alerts.ts'
import { referenceOf } from '../references.ts'
import { type Channel, Refused, SEND_MS_MAX } from './channel.ts'
import { textOf } from './message-format.ts'

/** Too large, or refused for what it says (RFC 5321): other refusals are of the sender, which a person may mend. */
const MESSAGE_REFUSED: ReadonlySet<number> = new Set([552, 554])

export interface EmailOptions {
  /** `smtp://user:password@host:port`, or `smtps://` */
  smtp: string
  from: string
  /** The address it is sent to. */
  recipient: string
  /** All recipients, as the mail names them. */
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

  async send(message: Message, house: string): Promise<void> {
    const { smtp, from, recipient, to, sendMsMax = SEND_MS_MAX } = this.#options
    const { subject, body } = textOf(message, house)
    const { occurrence, kind, atMs, alert } = message
    const domain = from.slice(from.lastIndexOf('@') + 1).replace(/[^\w.-]/g, '') || 'tickhouse'
    const idOf = (part: string) => `<${occurrence}-${part}@${domain}>`
    const signal = AbortSignal.timeout(sendMsMax)
    const transport = createTransport(smtp)
    try {
      const mail = {
        from,
        to,
        envelope: { from, to: recipient },
        subject,
        text: body,
        // All about one occurrence are one conversation; a message sent twice has the same id.
        messageId: kind === 'opened' ? idOf('opened') : idOf(`${kind}-${atMs}`),
        ...(kind === 'opened' ? {} : { inReplyTo: idOf('opened'), references: idOf('opened') }),
        priority: alert.severity === 'critical' && kind !== 'closed' ? 'high' : 'normal',
        // Whatever the server takes its time with: its own limits are each for one step.
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

/** What a failure means, by the server's reply: 4xx is for now, 5xx for good (RFC 5321). */
function refusalOf(error: Error & { command?: string; responseCode?: number; response?: string }): Error {
  const { command, responseCode = 0, response, message } = error
  if (command === 'RCPT TO' && responseCode >= 500)
    return new Refused(`refused for good: ${response}`, { forGood: true })
  if (command === 'RCPT TO' && responseCode >= 400) return new Error(`refused for now: ${response}`)
  return MESSAGE_REFUSED.has(responseCode) ? new Refused(message) : error
}
