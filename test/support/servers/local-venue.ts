import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { type WebSocket, WebSocketServer } from 'ws'

/** One client's connection, seen from the server. */
export interface Visit {
  socket: WebSocket
  request: IncomingMessage
  /** What the client sent so far. */
  received: string[]
  atMs: number
}

/** A WebSocket server on a free local port; the test decides what it sends. */
export class LocalVenue {
  readonly visits: Visit[] = []
  /** Answers the handshake with this instead, while set. */
  refuseWith: { status: number; headers: Record<string, string>; body?: string } | undefined
  /** When a handshake was refused, by `performance.now`. */
  readonly refusedAtMs: number[] = []
  /** Called for each new connection. */
  onVisit: (visit: Visit) => void = () => {}
  readonly #http = createServer()
  readonly #server = new WebSocketServer({ noServer: true })
  readonly #waiting: ((visit: Visit) => void)[] = []

  /** Listens until the test ends, however it ends. */
  static async open(t: TestContext, port = 0): Promise<LocalVenue> {
    const venue = new LocalVenue()
    t.after(() => venue.close())
    venue.#http.listen(port, '127.0.0.1')
    await once(venue.#http, 'listening')
    return venue
  }

  constructor() {
    this.#http.on('upgrade', (request, socket, head) => {
      if (this.refuseWith) {
        this.refusedAtMs.push(performance.now())
        const { status, headers, body = '' } = this.refuseWith
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
        socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: ${body.length}\r\n${lines.join('')}\r\n${body}`)
      } else this.#server.handleUpgrade(request, socket, head, client => this.#welcome(client, request))
    })
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`
  }

  /** The next connection, from now on. */
  visit(): Promise<Visit> {
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  broadcast(frame: string): void {
    for (const client of this.#server.clients) client.send(frame)
  }

  async close(): Promise<void> {
    if (!this.#http.listening) return
    for (const client of this.#server.clients) client.terminate()
    this.#http.closeAllConnections()
    this.#http.close()
    await once(this.#http, 'close')
  }

  #welcome(socket: WebSocket, request: IncomingMessage): void {
    const visit: Visit = { socket, request, received: [], atMs: performance.now() }
    socket.on('message', data => visit.received.push(String(data)))
    socket.on('error', () => {})
    this.visits.push(visit)
    this.onVisit(visit)
    this.#waiting.shift()?.(visit)
  }
}
