/** The simulated exchange's HTTP server: WebSocket upgrades, REST and controls. Independent of the market. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { TickhouseError } from '../errors.ts'
import { isOwnRequest } from '../loopback.ts'
import { openingRequest } from '../venues/binance/stream-requests.ts'
import type { StreamForm } from '../venues/binance/trade-frame.ts'
import { CONTROLS, type Control, isControlName } from './controls.ts'
import type { RestAnswer } from './rest.ts'

const CONTROL_BYTES_MAX = 65_536
const MESSAGE_BYTES_MAX = 65_536
const CROSS_SITE = 'only a loopback Host and no cross-site Origin are accepted'
const TOO_MANY_REQUESTS = { code: -1003, msg: 'Too many requests.' }

/** Handles what the server receives. */
export interface ExchangeHandler {
  /** A client connected and subscribed to these streams; `socket` is the one below `ws`. */
  connected(ws: WebSocket, socket: Socket, form: StreamForm, streams: readonly string[]): void
  /** A GET of a REST path; `micros` if the client wants times in microseconds. */
  answer(url: URL, micros: boolean): RestAnswer
  /** Runs a control with validated options; returns the response body. */
  controlled(control: Control): unknown
}

export class ExchangeServer {
  readonly counts = { connects: 0, connectsRefused: 0, requests: 0, requestsRefused: 0 }
  readonly #handler: ExchangeHandler
  readonly #refuse = { connects: 0, requests: 0, retryAfterSeconds: 1 }
  readonly #http = createServer((request, response) => void this.#serve(request, response))
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MESSAGE_BYTES_MAX,
  })

  constructor(handler: ExchangeHandler) {
    this.#handler = handler
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  /** Listens; returns host:port. Throws `address_in_use`. */
  async listen(host: string, port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', cause => {
        const text = `the simulated exchange cannot listen on ${host}:${port}`
        reject(new TickhouseError('address_in_use', text, 'Choose another port, or 0 for any free one.', { cause }))
      })
      this.#http.listen(port, host, resolve)
    })
    const address = this.#http.address() as AddressInfo
    return `${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`
  }

  /** Answers the next connects and REST requests with 429. */
  refuse(connects: number, requests: number, retryAfterSeconds: number): void {
    Object.assign(this.#refuse, { connects, requests, retryAfterSeconds })
  }

  /** Stops listening; resolves when the port is free. Upgraded connections are the handler's to close. */
  async close(): Promise<void> {
    const closed = new Promise<void>(resolve => this.#http.close(() => resolve()))
    this.#http.closeAllConnections()
    await closed
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.counts.connects++
    if (!isOwnRequest(request.headers)) {
      this.#refuseUpgrade(socket, '403 Forbidden', '')
      return
    }
    if (this.#refuse.connects > 0) {
      this.#refuse.connects--
      this.#refuseUpgrade(socket, '429 Too Many Requests', `Retry-After: ${this.#refuse.retryAfterSeconds}\r\n`)
      return
    }
    const url = URL.parse(request.url ?? '/', 'http://exchange')
    const subscription = url && openingRequest(url)
    if (!subscription) {
      this.#refuseUpgrade(socket, '404 Not Found', '')
      return
    }
    this.#webSockets.handleUpgrade(request, socket, head, ws => {
      this.#handler.connected(ws, socket as Socket, subscription.form, subscription.streams)
    })
  }

  #refuseUpgrade(socket: Duplex, status: string, headers: string): void {
    this.counts.connectsRefused++
    socket.on('error', () => socket.destroy())
    socket.once('finish', () => socket.destroy())
    socket.end(`HTTP/1.1 ${status}\r\n${headers}Connection: close\r\nContent-Length: 0\r\n\r\n`)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isOwnRequest(request.headers)) {
      respond(response, 403, { error: CROSS_SITE })
      return
    }
    const url = URL.parse(request.url ?? '/', 'http://exchange')
    if (url?.pathname.startsWith('/control/')) {
      await this.#serveControl(url.pathname.slice('/control/'.length), request, response)
      return
    }
    this.counts.requests++
    if (this.#refuse.requests > 0) {
      this.#refuse.requests--
      this.counts.requestsRefused++
      response.setHeader('Retry-After', this.#refuse.retryAfterSeconds)
      respond(response, 429, TOO_MANY_REQUESTS)
    } else if (!url || request.method !== 'GET') {
      respond(response, 400, { code: -1000, msg: 'Not a GET of a path of this exchange.' })
    } else {
      const unit = request.headers['x-mbx-time-unit']
      const { status, body } = this.#handler.answer(url, String(unit).toUpperCase() === 'MICROSECOND')
      respond(response, status, body)
    }
  }

  async #serveControl(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Another site's page can post forms to loopback, but not this content type without a CORS preflight.
    if (request.method !== 'POST' || request.headers['content-type'] !== 'application/json') {
      respond(response, 405, { error: 'POST a JSON body with content-type application/json' })
      return
    }
    if (!isControlName(name)) {
      respond(response, 404, { error: `no such control; known: ${Object.keys(CONTROLS).join(', ')}` })
      return
    }
    const options = CONTROLS[name].safeParse(await readJson(request))
    if (options.success) respond(response, 200, this.#handler.controlled({ name, options: options.data } as Control))
    else respond(response, 400, { error: options.error.issues.map(issue => issue.message).join('; ') })
  }
}

function respond(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json;charset=UTF-8' }).end(JSON.stringify(body))
}

/** Parses a JSON body; an empty body is an empty object. Undefined if it is too long or not JSON. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  try {
    let text = ''
    for await (const chunk of request.setEncoding('utf8')) {
      text += chunk
      if (text.length > CONTROL_BYTES_MAX) return undefined
    }
    return text === '' ? {} : JSON.parse(text)
  } catch {
    return undefined
  }
}
