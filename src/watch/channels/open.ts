/** The configured channels. */
import addressparser from 'nodemailer/lib/addressparser'
import type { Config } from '../../config.ts'
import type { Channel } from './channel.ts'
import { CommandChannel } from './command.ts'
import { EmailChannel } from './email.ts'
import { WebhookChannel } from './webhook.ts'

export function channelsOf(config: Config): Channel[] {
  const { ALERT_EMAIL, ALERT_SMTP, ALERT_FROM, ALERT_WEBHOOKS, ALERT_COMMAND } = config
  const channels: Channel[] = ALERT_WEBHOOKS.map(address => new WebhookChannel(address))
  if (ALERT_EMAIL && ALERT_SMTP) {
    const recipients = new Set(addressparser(ALERT_EMAIL, { flatten: true }).map(({ address }) => address))
    const [from] = ALERT_FROM === undefined ? recipients : [ALERT_FROM]
    for (const recipient of recipients)
      channels.push(new EmailChannel({ smtp: ALERT_SMTP, from: from!, recipient, to: ALERT_EMAIL }))
  }
  if (ALERT_COMMAND) channels.push(new CommandChannel(ALERT_COMMAND))
  return channels.map((channel, index) => {
    const nth = channels.slice(0, index).filter(({ name }) => name === channel.name).length + 1
    return nth === 1 ? channel : named(`${channel.name} (${nth})`, channel)
  })
}

/**
 * Two chats of one provider differ only in a secret part of the URL: without a number they would have the same name.
 */
function named(name: string, channel: Channel): Channel {
  return { name, reference: channel.reference, send: (message, instance) => channel.send(message, instance) }
}
