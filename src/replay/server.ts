/**
 * The WebSocket server of a replay, on loopback only. It sends while every symbol of the replay has a subscriber, and
 * no faster than the slowest client reads.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { type WebSocket, WebSocketServer } from 'ws'
import { TickhouseError } from '../errors.ts'
import { isOwnRequest } from '../loopback.ts'
import { QuoteColumns } from '../tick/quotes/quotes.ts'
import type { ServerSession, VenueServerProtocol } from '../venues/server-protocol.ts'
import { FrameBuffer } from '../venues/websocket-frames.ts'
import type { Outlet } from './replay.ts'
import type { TickRun } from './timeline.ts'

/** Unread bytes of a client from which on the replay waits for it. */
const PENDING_BYTES_MAX = 4 * 2 ** 20
const MESSAGE_BYTES_MAX = 65_536
const HEARTBEAT_EVERY_MS = 1_000
const PING_EVERY_MS = 20_000
/**
 * A client that sends neither message nor pong for this long is disconnected, so that the replay does not wait forever.
 */
const IDLE_MS_MAX = 60_000
/**
 * A replay begins this long after the last request: a client may subscribe to the kinds of a symbol one after the other, as
 * Kraken's must.
 */
const SETTLE_MS = 500
/** Time for clients to read the rest and close. */
const CLOSE_MS_MAX = 60_000
/** Interval of looking whether a client has been sent all. */
const UNREAD_POLL_MS = 20
const NORMAL_END = 1000

interface Client {
  ws: WebSocket
  socket: Socket
  session: ServerSession
  out: FrameBuffer
  lastReceivedMs: number
}

/** Handles `POST /control/<name>`. Returns the response body; throws TickhouseErrors. */
export type Control = (name: string, options: URLSearchParams) => object

export class ReplayServer implements Outlet {
  /** For example `ws://127.0.0.1:9010`. */
  url = ''
  /** Ticks left out because the format cannot express them: a venue's own format has no trade without a side. */
  skipped = 0
  /** Handler of controls; without it they are refused. */
  control: Control | undefined
  readonly #protocol: VenueServerProtocol
  readonly #symbols: readonly string[]
  readonly #clients = new Set<Client>()
  readonly #http = createServer((request, response) => this.#handleRequest(request, response))
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MESSAGE_BYTES_MAX,
  })
  readonly #timers: NodeJS.Timeout[] = []
  #changed = Promise.withResolvers<void>()
  #lastRequestMs = 0
  /** All symbols have a subscriber, and the requests have ended. */
  #settled = false

  /** `symbols`: all symbols of the replay. */
  constructor(protocol: VenueServerProtocol, symbols: readonly string[]) {
    this.#protocol = protocol
    this.#symbols = symbols
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  /** Listens on a loopback port, 0 for a free one. Throws `address_in_use`. */
  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', cause => {
        const advice = 'Choose another port with --port, or 0 for any free one.'
        reject(new TickhouseError('address_in_use', `the replay cannot listen on port ${port}`, advice, { cause }))
      })
      this.#http.listen(port, '127.0.0.1', resolve)
    })
    this.url = `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
    this.#timers.push(
      setInterval(() => this.#heartbeat(), HEARTBEAT_EVERY_MS),
      setInterval(() => this.#ping(), PING_EVERY_MS),
    )
  }

  get waitingFor(): string | undefined {
    if (this.#settled) return undefined
    const missing = this.#missing()
    return missing.length === 0 ? 'further subscriptions' : `a subscription to ${missing.join(', ')}`
  }

  #missing(): string[] {
    return this.#symbols.filter(symbol => ![...this.#clients].some(client => client.session.subscribes(symbol)))
  }

  async ready(signal: AbortSignal): Promise<void> {
    const { promise: aborted, reject } = Promise.withResolvers<never>()
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort)
    try {
      signal.throwIfAborted()
      while (this.waitingFor !== undefined) {
        if (this.#missing().length > 0) {
          await Promise.race([this.#changed.promise, aborted])
          continue
        }
        const waitMs = this.#lastRequestMs + SETTLE_MS - performance.now()
        if (waitMs > 0) await Promise.race([sleep(waitMs), aborted])
        else this.#settled = true
      }
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  async send(runs: readonly TickRun[]): Promise<void> {
    const full: Promise<void>[] = []
    for (const { socket, session, out } of this.#clients) {
      for (const run of runs) this.skipped += writeRun(session, out, run)
      const frames = out.take()
      if (frames.length > 0) socket.write(frames)
      if (socket.writableLength > PENDING_BYTES_MAX) full.push(written(socket))
    }
    await Promise.all(full)
  }

  async finish(): Promise<void> {
    await Promise.all(
      [...this.#clients].map(async ({ ws }) => {
        // However slow a client is, it gets all: one that reads nothing is ended by `#ping`.
        while (ws.readyState === ws.OPEN && ws.bufferedAmount > 0) await sleep(UNREAD_POLL_MS)
        if (ws.readyState === ws.CLOSED) return
        const closed = new Promise<void>(resolve => ws.once('close', () => resolve()))
        ws.close(NORMAL_END, 'the replay has ended')
        await Promise.race([closed, sleep(CLOSE_MS_MAX, undefined, { ref: false })])
      }),
    )
  }

  /** Ends all connections and frees the port. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    const closed = new Promise<void>(resolve => this.#http.close(() => resolve()))
    for (const { ws } of this.#clients) ws.terminate()
    this.#http.closeAllConnections()
    await closed
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const url = URL.parse(request.url ?? '/', 'http://replay')
    const crossSite = !isOwnRequest(request.headers)
    const session = url && !crossSite ? this.#protocol.open(url) : undefined
    if (!session) {
      socket.on('error', () => socket.destroy())
      socket.end(
        `HTTP/1.1 ${crossSite ? '403 Forbidden' : '404 Not Found'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      )
      return
    }
    this.#webSockets.handleUpgrade(request, socket, head, ws => this.#welcome(ws, socket as Socket, session))
  }

  #welcome(ws: WebSocket, socket: Socket, session: ServerSession): void {
    const client: Client = { ws, socket, session, out: new FrameBuffer(), lastReceivedMs: performance.now() }
    this.#clients.add(client)
    ws.on('message', data => {
      client.lastReceivedMs = performance.now()
      this.#lastRequestMs = client.lastReceivedMs
      sendTexts(client, session.onMessage(String(data)))
      this.#notifyChanged()
    })
    ws.on('pong', () => {
      client.lastReceivedMs = performance.now()
    })
    ws.on('error', () => ws.terminate())
    ws.on('close', () => {
      this.#clients.delete(client)
      this.#notifyChanged()
    })
    sendTexts(client, session.welcome)
    this.#notifyChanged()
  }

  #notifyChanged(): void {
    if (this.#missing().length > 0) this.#settled = false
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  #heartbeat(): void {
    for (const client of this.#clients) sendTexts(client, client.session.heartbeat())
  }

  #ping(): void {
    for (const { ws, lastReceivedMs } of this.#clients) {
      if (performance.now() - lastReceivedMs > IDLE_MS_MAX) ws.terminate()
      else if (ws.readyState === ws.OPEN) ws.ping()
    }
  }

  #handleRequest(request: IncomingMessage, response: ServerResponse): void {
    if (!isOwnRequest(request.headers)) {
      respond(response, 403, { error: 'only a loopback Host and no cross-site Origin are accepted' })
      return
    }
    const url = URL.parse(request.url ?? '/', 'http://replay')
    const name = /^\/control\/(\w+)$/.exec(url?.pathname ?? '')?.[1]
    // Another site's page can post forms to loopback, but not this content type without a CORS preflight.
    const isJsonPost = request.method === 'POST' && request.headers['content-type'] === 'application/json'
    if (!url || !name || !isJsonPost || !this.control) {
      respond(response, 404, {
        error: 'this is a replay: connect by WebSocket, or POST application/json to /control/<name>',
      })
      return
    }
    try {
      respond(response, 200, this.control(name, url.searchParams))
    } catch (error) {
      if (!(error instanceof TickhouseError)) throw error
      respond(response, 400, { error: `${error.message}. ${error.advice}` })
    }
  }
}

/** Returns the number of ticks that the protocol cannot express. */
function writeRun(session: ServerSession, out: FrameBuffer, { ticks, start, end }: TickRun): number {
  if (ticks instanceof QuoteColumns) return session.writeQuotes?.(out, ticks, start, end) ?? 0
  return session.write(out, ticks, start, end)
}

function sendTexts({ ws }: Client, texts: readonly string[]): void {
  if (ws.readyState === ws.OPEN) for (const text of texts) ws.send(text)
}

function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** Resolves when everything written has left this process, or the connection has ended. */
function written(socket: Socket): Promise<void> {
  return new Promise(resolve => socket.write('', () => resolve()))
}
