/**
 * The WebSocket server of a replay, on this machine only. It sends while every symbol of the replay has somebody who asked for
 * it, and no faster than the slowest client reads.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { type WebSocket, WebSocketServer } from 'ws'
import { TickhouseError } from '../errors.ts'
import { isOwnRequest } from '../loopback.ts'
import type { TradeColumns } from '../tick/trades.ts'
import type { ServerSession, VenueServerProtocol } from '../venues/server-protocol.ts'
import { FrameBuffer } from '../venues/websocket-frames.ts'
import type { Outlet } from './replay.ts'

/** What a client may leave unread before the replay waits for it. */
const PENDING_BYTES_MAX = 4 * 2 ** 20
const MESSAGE_BYTES_MAX = 65_536
const BEAT_EVERY_MS = 1_000
const PING_EVERY_MS = 20_000
/** A client that gives no sign of life for so long is cut, so that the replay does not wait for ever. */
const SILENCE_MS_MAX = 60_000
/** How long clients may take to read the rest and say good-bye. */
const FAREWELL_MS_MAX = 10_000
const NORMAL_END = 1000

interface Client {
  ws: WebSocket
  socket: Socket
  conversation: ServerSession
  out: FrameBuffer
  lastSignMs: number
}

/** What a program may ask of a replay that runs, by `POST /control/<name>`. Returns what to answer; throws TickhouseErrors. */
export type Control = (name: string, options: URLSearchParams) => object

export class ReplayServer implements Outlet {
  /** Such as `ws://127.0.0.1:9010`. */
  url = ''
  /** Ticks that the format has no words for: a venue's own knows no trade without a side. */
  unsaid = 0
  /** Answers controls; without it there are none. */
  control: Control | undefined
  readonly #protocol: VenueServerProtocol
  readonly #symbols: readonly string[]
  readonly #clients = new Set<Client>()
  readonly #http = createServer((request, response) => this.#answer(request, response))
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MESSAGE_BYTES_MAX,
  })
  readonly #timers: NodeJS.Timeout[] = []
  #changed = Promise.withResolvers<void>()

  /** `symbols`: those of the replay. */
  constructor(protocol: VenueServerProtocol, symbols: readonly string[]) {
    this.#protocol = protocol
    this.#symbols = symbols
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  /** Listens on a port of this machine, 0 for a free one. Throws `address_in_use`. */
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
      setInterval(() => this.#heartbeat(), BEAT_EVERY_MS),
      setInterval(() => this.#ping(), PING_EVERY_MS),
    )
  }

  get awaits(): string | undefined {
    const missing = this.#symbols.filter(
      symbol => ![...this.#clients].some(client => client.conversation.subscribes(symbol)),
    )
    return missing.length === 0 ? undefined : `a subscription to ${missing.join(', ')}`
  }

  async ready(signal: AbortSignal): Promise<void> {
    const { promise: aborted, reject } = Promise.withResolvers<never>()
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort)
    try {
      signal.throwIfAborted()
      while (this.awaits !== undefined) await Promise.race([this.#changed.promise, aborted])
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  async send(trades: TradeColumns, start: number, end: number): Promise<void> {
    const full: Promise<void>[] = []
    for (const { socket, conversation, out } of this.#clients) {
      this.unsaid += conversation.write(out, trades, start, end)
      const frames = out.take()
      if (frames.length > 0) socket.write(frames)
      if (socket.writableLength > PENDING_BYTES_MAX) full.push(written(socket))
    }
    await Promise.all(full)
  }

  async finish(): Promise<void> {
    const gone = [...this.#clients].map(({ ws }) => {
      ws.close(NORMAL_END, 'the replay has ended')
      return new Promise<void>(resolve => ws.once('close', () => resolve()))
    })
    await Promise.race([Promise.all(gone), sleep(FAREWELL_MS_MAX, undefined, { ref: false })])
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
    const foreign = !isOwnRequest(request.headers)
    const conversation = url && !foreign ? this.#protocol.open(url) : undefined
    if (!conversation) {
      socket.on('error', () => socket.destroy())
      socket.end(
        `HTTP/1.1 ${foreign ? '403 Forbidden' : '404 Not Found'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      )
      return
    }
    this.#webSockets.handleUpgrade(request, socket, head, ws => this.#welcome(ws, socket as Socket, conversation))
  }

  #welcome(ws: WebSocket, socket: Socket, conversation: ServerSession): void {
    const client: Client = { ws, socket, conversation, out: new FrameBuffer(), lastSignMs: performance.now() }
    this.#clients.add(client)
    ws.on('message', data => {
      client.lastSignMs = performance.now()
      say(client, conversation.onMessage(String(data)))
      this.#tellChanged()
    })
    ws.on('pong', () => {
      client.lastSignMs = performance.now()
    })
    ws.on('error', () => ws.terminate())
    ws.on('close', () => this.#clients.delete(client))
    say(client, conversation.welcome)
    this.#tellChanged()
  }

  #tellChanged(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  #heartbeat(): void {
    for (const client of this.#clients) say(client, client.conversation.heartbeat())
  }

  #ping(): void {
    for (const { ws, lastSignMs } of this.#clients) {
      if (performance.now() - lastSignMs > SILENCE_MS_MAX) ws.terminate()
      else if (ws.readyState === ws.OPEN) ws.ping()
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (!isOwnRequest(request.headers)) {
      respond(response, 403, { error: 'ask by a loopback address, from no page of another site' })
      return
    }
    const url = URL.parse(request.url ?? '/', 'http://replay')
    const name = /^\/control\/(\w+)$/.exec(url?.pathname ?? '')?.[1]
    // A page in the user's browser can post forms to this machine, but not this type without asking first.
    const asked = request.method === 'POST' && request.headers['content-type'] === 'application/json'
    if (!url || !name || !asked || !this.control) {
      respond(response, 404, { error: 'a replay: connect by WebSocket, or POST application/json to /control/<name>' })
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

function say({ ws }: Client, texts: readonly string[]): void {
  if (ws.readyState === ws.OPEN) for (const text of texts) ws.send(text)
}

function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** Resolves when all that was written has left this process, or the connection is gone. */
function written(socket: Socket): Promise<void> {
  return new Promise(resolve => socket.write('', () => resolve()))
}
