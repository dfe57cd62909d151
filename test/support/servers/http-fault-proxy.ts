/** A proxy between an HTTP client and a server that injects faults of network and server. */
import { EventEmitter, once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { Owner } from '../processes/tickhouse.ts'

/** How much of a request the server gets, and what the client gets for it. */
export interface HttpFault {
  name: string
  /** `later`: not before `release` is called, whatever became of the client. */
  passes: 'whole' | 'slowly' | 'half' | 'nothing' | 'later'
  /**
   * `true`: the server's own. `none`: no response. `cut`: the connection closes without one. The others replace the
   * server's.
   */
  answer: 'true' | 'none' | 'cut' | 'half' | 'exception header' | 'exception body' | '500'
}

export const HTTP_FAULTS = {
  answerLost: { name: 'answer lost after the statement ran', passes: 'whole', answer: 'cut' },
  answerWithheld: { name: 'no answer after the statement ran', passes: 'whole', answer: 'none' },
  answerHalf: { name: 'answer cut half-way after the statement ran', passes: 'whole', answer: 'half' },
  exceptionAfter: {
    name: '200 with an exception header after the statement ran',
    passes: 'whole',
    answer: 'exception header',
  },
  exceptionBefore: { name: '200 with an exception header, nothing ran', passes: 'nothing', answer: 'exception header' },
  exceptionInBody: {
    name: '200 with an exception in the body, nothing ran',
    passes: 'nothing',
    answer: 'exception body',
  },
  errorAfter: { name: '500 after the statement ran', passes: 'whole', answer: '500' },
  errorBefore: { name: '500, nothing ran', passes: 'nothing', answer: '500' },
  requestLost: { name: 'connection cut, nothing ran', passes: 'nothing', answer: 'cut' },
  requestHalf: { name: 'connection cut half-way through the data', passes: 'half', answer: 'cut' },
  requestLate: { name: 'request delayed beyond the client’s timeout', passes: 'later', answer: 'none' },
  slow: { name: 'request let through in small pieces', passes: 'slowly', answer: 'true' },
} as const satisfies Record<string, HttpFault>

/** Chooses what becomes of a statement, by its text; undefined lets it pass. */
export type Plan = (statement: string) => HttpFault | undefined

const EXCEPTION = 'Code: 241. DB::Exception: Query memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)\n'
const PIECE_BYTES = 1024

interface Request {
  method: string
  url: string
  headers: http.IncomingHttpHeaders
  body: Buffer
}

interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  body: Buffer
}

export class HttpFaultProxy {
  plan: Plan = () => undefined
  /** Emits the fault, each time that one is done to a request. */
  readonly struck = new EventEmitter<{ fault: [HttpFault] }>()
  /** Emits when the server has been sent the first of a request that goes slowly. */
  readonly begun = new EventEmitter<{ request: [] }>()
  readonly #target: URL
  readonly #agent = new http.Agent({ keepAlive: true })
  readonly #server = http.createServer((request, response) => {
    this.#take(request, response).catch(() => response.destroy())
  })
  #delayed: (() => Promise<Answer | undefined>)[] = []

  static async open(t: Owner, target: string): Promise<HttpFaultProxy> {
    const proxy = new HttpFaultProxy(target)
    t.after(() => proxy.#close())
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  constructor(target: string) {
    this.#target = new URL(target)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Sends the delayed requests to the server; resolves with its statuses. */
  async release(): Promise<number[]> {
    const delayed = this.#delayed
    this.#delayed = []
    const statuses: number[] = []
    for (const send of delayed) statuses.push((await send())!.status)
    return statuses
  }

  async #close(): Promise<void> {
    this.#agent.destroy()
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #take(incoming: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const body = Buffer.concat(await incoming.toArray())
    const { method = 'GET', url = '/', headers } = incoming
    const request = { method, url, headers, body }
    const inUrl = new URL(url, this.#target).searchParams.get('query')
    const fault = this.plan(inUrl ?? body.toString())
    const answer = this.#pass(request, fault?.passes ?? 'whole')
    if (fault?.passes !== 'later') await answer
    if (fault) this.struck.emit('fault', fault)
    if (fault?.answer !== 'none') give(response, fault?.answer ?? 'true', await answer)
  }

  #pass(request: Request, passes: HttpFault['passes']): Promise<Answer | undefined> {
    if (passes === 'nothing') return Promise.resolve(undefined)
    if (passes !== 'later') return this.#send(request, passes)
    const { promise, resolve } = Promise.withResolvers<Answer | undefined>()
    this.#delayed.push(async () => {
      const answer = await this.#send(request, 'whole')
      resolve(answer)
      return answer
    })
    return promise
  }

  async #send({ method, url, headers, body }: Request, how: 'whole' | 'slowly' | 'half'): Promise<Answer | undefined> {
    const { host: _host, 'transfer-encoding': _chunked, ...rest } = headers
    const request = http.request(new URL(url, this.#target), {
      method,
      headers: { ...rest, 'content-length': body.length },
      agent: this.#agent,
    })
    const answered = once(request, 'response') as Promise<[http.IncomingMessage]>
    if (how === 'half') {
      request.write(body.subarray(0, Math.floor(body.length / 2)))
      // Cut once the half has left this process, so that the server has begun to read it.
      answered.catch(() => {})
      await new Promise(resolve => request.write('', resolve))
      request.destroy()
      return undefined
    }
    if (how === 'slowly') {
      for (let at = 0; at < body.length; at += PIECE_BYTES) {
        request.write(body.subarray(at, at + PIECE_BYTES))
        await setImmediate()
        if (at === 0) this.begun.emit('request')
      }
      request.end()
    } else request.end(body)
    const [response] = await answered
    return {
      status: response.statusCode!,
      headers: response.headers,
      body: Buffer.concat(await response.toArray()),
    }
  }
}

function give(
  response: http.ServerResponse,
  how: Exclude<HttpFault['answer'], 'none'>,
  answer: Answer | undefined,
): void {
  switch (how) {
    case 'cut':
      response.destroy()
      return
    case 'half':
      response.writeHead(200, { 'content-length': 1000 })
      response.write('half', () => response.destroy())
      return
    case 'exception header':
      response.writeHead(200, { 'x-clickhouse-exception-code': '241' }).end(EXCEPTION)
      return
    case 'exception body':
      response.writeHead(200).end(EXCEPTION)
      return
    case '500':
      response.writeHead(500).end('Internal Server Error')
      return
    case 'true': {
      const { 'transfer-encoding': _chunked, connection: _connection, ...headers } = answer!.headers
      response.writeHead(answer!.status, { ...headers, 'content-length': answer!.body.length }).end(answer!.body)
    }
  }
}
