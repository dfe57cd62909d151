/** Messages to a webhook: as JSON with all fields, or in the format of a chat service. */
import type { Message } from '../alerts/alerts.ts'
import { reasonOf } from '../instance-client.ts'
import { referenceOf } from '../references.ts'
import { type Channel, Refused, SEND_MS_MAX } from './channel.ts'
import { type MessageText, textOf, toJson } from './message-format.ts'

/** Formats by the prefix of the URL. The text is plain: names in it cannot become formatting or mentions. */
const SHAPES: Record<string, (text: MessageText, url: URL) => unknown> = {
  slack: ({ subject, body }) => ({
    text: `${subject}\n${body}`.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    mrkdwn: false,
  }),
  discord: ({ subject, body }) => ({
    content: `${subject}\n${body}`
      .replace(/[\\*_~\u0060|>[\]]/g, '\\$&')
      .slice(0, 2_000)
      .toWellFormed(),
    allowed_mentions: { parse: [] },
  }),
  telegram: ({ subject, body }, url) => ({
    chat_id: url.searchParams.get('chat_id'),
    text: `${subject}\n\n${body}`.slice(0, 4_096).toWellFormed(),
    disable_web_page_preview: true,
  }),
}

/** The format or size of the message is wrong. Other refusals concern the URL or the key, and a person may fix them. */
const MESSAGE_REFUSED: ReadonlySet<number> = new Set([400, 413, 422])

export class WebhookChannel implements Channel {
  readonly name: string
  readonly reference: string
  readonly #url: URL
  readonly #shape: string | undefined
  readonly #headers: Record<string, string>
  readonly #sendMsMax: number

  /** `https://…` for JSON, or `slack+https://…`, `discord+https://…`, `telegram+https://…/sendMessage?chat_id=…`. */
  constructor(address: string, sendMsMax = SEND_MS_MAX) {
    const [, shape, url] = /^(?:(\w+)\+)?(https?:.+)$/.exec(address)!
    this.#shape = shape
    this.#url = new URL(url!)
    this.#headers = { 'content-type': 'application/json', ...loginOf(this.#url) }
    // `fetch` rejects a URL with a login, and its error would contain it.
    this.#url.username = this.#url.password = ''
    this.#sendMsMax = sendMsMax
    // The path is secret.
    this.name = `${shape ?? 'webhook'} at ${this.#url.host}`
    this.reference = referenceOf(url!)
  }

  async send(message: Message, instance: string): Promise<void> {
    const shape = SHAPES[this.#shape ?? '']
    const body = shape ? shape(textOf(message, instance), this.#url) : toJson(message, instance)
    const signal = AbortSignal.timeout(this.#sendMsMax)
    const answer = await fetch(this.#url, {
      method: 'POST',
      headers: this.#headers,
      body: JSON.stringify(body),
      redirect: 'error',
      signal,
    }).catch(error => {
      throw new Error(signal.aborted ? `no answer within ${this.#sendMsMax / 1000} s` : reasonOf(error))
    })
    const reply = await answer.text().catch(() => '')
    if (answer.ok) return
    const why = `it answered with status ${answer.status}: ${reply.slice(0, 200)}`
    throw MESSAGE_REFUSED.has(answer.status) ? new Refused(why) : new Error(why)
  }
}

function loginOf({ username, password }: URL): Record<string, string> {
  if (!username && !password) return {}
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { authorization: `Basic ${Buffer.from(login).toString('base64')}` }
}
