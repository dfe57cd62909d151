/** Alerts to an address on the web: as JSON with all that is known, or in the form that a chat takes. */
import type { Message } from '../alerts/alerts.ts'
import { reasonOf } from '../instance-client.ts'
import { referenceOf } from '../references.ts'
import { type Channel, Refused, SEND_MS_MAX } from './channel.ts'
import { type MessageText, textOf, toJson } from './message-format.ts'

/** What each takes, by the word before the plus in its address. Text is plain: names in it cannot become marks or mentions. */
const SHAPES: Record<string, (words: MessageText, url: URL) => unknown> = {
  slack: ({ subject, body }) => ({
    text: `${subject}\n${body}`.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    mrkdwn: false,
  }),
  discord: ({ subject, body }) => ({
    content: `${subject}\n${body}`
      .replace(/[\\*_~`|>[\]]/g, '\\$&')
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

/** The message's form or size is at fault; other refusals are of the address or the key, which a person may mend. */
const MESSAGE_REFUSED: ReadonlySet<number> = new Set([400, 413, 422])

export const WEBHOOK_SHAPES: readonly string[] = Object.keys(SHAPES)

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
    // `fetch` takes no login in an address, and would tell it in its error.
    this.#url.username = this.#url.password = ''
    this.#sendMsMax = sendMsMax
    // The path is the secret of most of them.
    this.name = `${shape ?? 'webhook'} at ${this.#url.host}`
    this.reference = referenceOf(url!)
  }

  async send(message: Message, house: string): Promise<void> {
    const shape = SHAPES[this.#shape ?? '']
    const body = shape ? shape(textOf(message, house), this.#url) : toJson(message, house)
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
    const said = await answer.text().catch(() => '')
    if (answer.ok) return
    const why = `it answered with status ${answer.status}: ${said.slice(0, 200)}`
    throw MESSAGE_REFUSED.has(answer.status) ? new Refused(why) : new Error(why)
  }
}

function loginOf({ username, password }: URL): Record<string, string> {
  if (!username && !password) return {}
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { authorization: `Basic ${Buffer.from(login).toString('base64')}` }
}
