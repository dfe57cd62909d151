/** Requests of commands to a running tickhouse. */
import type { Config } from '../../config.ts'
import { TickhouseError } from '../../errors.ts'

export interface InstanceRequest {
  method?: string
  body?: string
  /** Whether the body is JSON. */
  json?: boolean
  /** What to do if no tickhouse answers. */
  advice?: string
}

const START_IT = 'Start it with tickhouse start, or set TICKHOUSE_LISTEN to its address.'

/** An answer. Reading it throws `process_unreachable` if the process ends meanwhile or is none of tickhouse. */
export class Answer {
  readonly #response: Response
  readonly #address: string
  readonly #advice: string

  constructor(response: Response, address: string, advice: string) {
    this.#response = response
    this.#address = address
    this.#advice = advice
  }

  get ok(): boolean {
    return this.#response.ok
  }

  get status(): number {
    return this.#response.status
  }

  /** A header, by its name in lower case; null if it has none. */
  header(name: string): string | null {
    return this.#response.headers.get(name)
  }

  async bytes(): Promise<Uint8Array> {
    return new Uint8Array(await this.#read(this.#response.arrayBuffer()))
  }

  text(): Promise<string> {
    return this.#read(this.#response.text())
  }

  /** Its body, which the caller knows to be a `T` in JSON. */
  async json<T>(): Promise<T> {
    const text = await this.text()
    try {
      return JSON.parse(text) as T
    } catch (error) {
      throw this.unreachable(`the process at ${this.#address} is not a tickhouse: HTTP ${this.status}`, error)
    }
  }

  /** Message and advice of a failure, the message without its last full stop: the whole text where it is not JSON of a tickhouse. */
  async failure(): Promise<{ message: string; advice: string }> {
    const text = await this.text()
    let parsed: { message?: string; advice?: string } = {}
    try {
      parsed = JSON.parse(text) ?? {}
    } catch {}
    const { message = text, advice = '' } = parsed
    return { message: message.replace(/\.$/, ''), advice }
  }

  /** Its lines, as they arrive. */
  async *lines(): AsyncGenerator<string> {
    const reader = this.#response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let rest = ''
    for (;;) {
      const { done, value } = await this.#read(reader.read())
      const lines = (rest + (value ?? '')).split('\n')
      rest = lines.pop()!
      yield* lines
      if (!done) continue
      if (rest) yield rest
      return
    }
  }

  /** The error of a process that does not answer as it should. */
  unreachable(why: string, cause?: unknown): TickhouseError {
    return new TickhouseError('process_unreachable', why, this.#advice, { cause })
  }

  #read<T>(reading: Promise<T>): Promise<T> {
    return reading.catch(error => {
      throw this.unreachable(`the tickhouse at ${this.#address} ended before it had answered`, error)
    })
  }
}

/** Sends a request to the tickhouse at `TICKHOUSE_LISTEN`, with its token. Throws `process_unreachable` if nothing listens there. */
export async function requestInstance(
  config: Config,
  target: string,
  { json = false, advice = START_IT, ...options }: InstanceRequest = {},
): Promise<Answer> {
  const headers: Record<string, string> = { 'content-type': json ? 'application/json' : 'text/plain' }
  if (config.TOKEN) headers.authorization = `Bearer ${config.TOKEN}`
  const response = await fetch(`http://${config.LISTEN}${target}`, { ...options, headers }).catch(cause => {
    throw new TickhouseError('process_unreachable', `no tickhouse answers at ${config.LISTEN}`, advice, { cause })
  })
  return new Answer(response, config.LISTEN, advice)
}

/** The same of a process with a page. Throws `process_unreachable` also if the process has none. */
export async function requestPage(config: Config, target: string, request: InstanceRequest = {}): Promise<Answer> {
  const answer = await requestInstance(config, target, request)
  if (answer.status === 404)
    throw answer.unreachable(
      `the process at ${config.LISTEN} has neither page nor queries: it only records, archives or watches`,
    )
  return answer
}
