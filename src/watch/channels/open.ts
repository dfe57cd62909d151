/** The ways to tell a person, by configuration. */
import addressparser from 'nodemailer/lib/addressparser'
import type { Config } from '../../config.ts'
import type { Route } from './channel.ts'
import { CommandRoute } from './command.ts'
import { EmailRoute } from './email.ts'
import { WebhookRoute } from './webhook.ts'

export function routesOf(config: Config): Route[] {
  const { ALERT_EMAIL, ALERT_SMTP, ALERT_FROM, ALERT_WEBHOOKS, ALERT_COMMAND } = config
  const routes: Route[] = ALERT_WEBHOOKS.map(address => new WebhookRoute(address))
  if (ALERT_EMAIL && ALERT_SMTP) {
    const recipients = new Set(addressparser(ALERT_EMAIL, { flatten: true }).map(({ address }) => address))
    const [from] = ALERT_FROM === undefined ? recipients : [ALERT_FROM]
    for (const recipient of recipients)
      routes.push(new EmailRoute({ smtp: ALERT_SMTP, from: from!, recipient, to: ALERT_EMAIL }))
  }
  if (ALERT_COMMAND) routes.push(new CommandRoute(ALERT_COMMAND))
  return routes.map((route, index) => {
    const nth = routes.slice(0, index).filter(({ name }) => name === route.name).length + 1
    return nth === 1 ? route : named(`${route.name} (${nth})`, route)
  })
}

/** Two chats of one provider have the same name, since what tells them apart is secret: what one took, the other has not. */
function named(name: string, route: Route): Route {
  return { name, reference: route.reference, send: (message, house) => route.send(message, house) }
}
