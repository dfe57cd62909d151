/**
 * Finnhub's WebSocket server, as its documents describe it: https://finnhub.io/docs/api/websocket-trades and its AsyncAPI
 * document. The key is in the address, each message subscribes to one symbol, a key has one connection, a message has
 * several trades. What the documents leave open is as users report it: HTTP 401 for an unknown key; a connection that
 * ends when the key opens another; the texts of errors; trades that are sent three times.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TestContext } from 'node:test'
import { type WebSocket, WebSocketServer } from 'ws'

/** A trade as the server sends it; `v` 0 makes it a price update. */
export interface FinnhubTrade {
  s: string
  p: number
  t: number
  v: number
  c?: readonly string[] | null
}

interface Client {
  token: string
  socket: WebSocket
  symbols: Set<string>
}

export interface FinnhubOptions {
  /** The keys it knows. */
  tokens: readonly string[]
  /** Symbols it knows; every one if undefined. */
  symbols?: readonly string[]
  symbolsMax?: number
  pingMs?: number
}

export class FinnhubServer {
  /** Tokens of the connections so far, in order; of the refused ones too. */
  readonly connects: string[] = []
  /** Connections that it ended since their key opened another. */
  ended = 0
  /** What clients sent, in order. */
  readonly received: { type: string; symbol: string }[] = []
  readonly #options: Required<Omit<FinnhubOptions, 'symbols'>> & { symbols: readonly string[] | undefined }
  readonly #http = createServer()
  readonly #webSockets = new WebSocketServer({ noServer: true })
  readonly #clients = new Set<Client>()
  readonly #pings: NodeJS.Timeout

  /** Listens until the test ends. */
  static async open(t: TestContext, options: FinnhubOptions): Promise<FinnhubServer> {
    const server = new FinnhubServer(options)
    t.after(() => server.close())
    server.#http.listen(0, '127.0.0.1')
    await once(server.#http, 'listening')
    return server
  }

  private constructor({ tokens, symbols, symbolsMax = 50, pingMs = 60_000 }: FinnhubOptions) {
    this.#options = { tokens, symbols, symbolsMax, pingMs }
    this.#pings = setInterval(() => this.send('{"type":"ping"}'), pingMs)
    this.#http.on('upgrade', (request, socket, head) => {
      const token = new URL(request.url!, 'ws://localhost').searchParams.get('token') ?? ''
      this.connects.push(token)
      if (!tokens.includes(token)) refuse(socket)
      else this.#webSockets.handleUpgrade(request, socket, head, opened => this.#welcome(token, opened))
    })
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  /** The symbols of a key's connection, in the order of their subscription; undefined if it has none. */
  subscribed(token: string): string[] | undefined {
    const client = [...this.#clients].find(each => each.token === token)
    return client && [...client.symbols]
  }

  /** Sends one message to each connection, with the trades of its symbols, `times` times. */
  trades(trades: readonly FinnhubTrade[], times = 1): void {
    for (const { socket, symbols } of this.#clients) {
      const data = trades.filter(({ s }) => symbols.has(s))
      if (data.length === 0) continue
      for (let sent = 0; sent < times; sent++) socket.send(JSON.stringify({ data, type: 'trade' }))
    }
  }

  error(msg: string): void {
    this.send(JSON.stringify({ msg, type: 'error' }))
  }

  /** Sends a text to every connection. */
  send(text: string): void {
    for (const { socket } of this.#clients) socket.send(text)
  }

  /** Closes every connection with this reason; without a closing handshake if there is none. */
  end(reason?: string): void {
    for (const { socket } of this.#clients) {
      if (reason === undefined) socket.terminate()
      else socket.close(4000, reason)
    }
  }

  async close(): Promise<void> {
    if (!this.#http.listening) return
    clearInterval(this.#pings)
    this.end()
    this.#http.closeAllConnections()
    this.#http.close()
    await once(this.#http, 'close')
  }

  #welcome(token: string, socket: WebSocket): void {
    for (const other of this.#clients) {
      if (other.token !== token) continue
      this.ended++
      other.socket.terminate()
    }
    const client: Client = { token, socket, symbols: new Set() }
    this.#clients.add(client)
    socket.on('error', () => {})
    socket.on('close', () => this.#clients.delete(client))
    socket.on('message', data => this.#take(client, String(data)))
  }

  #take({ socket, symbols }: Client, text: string): void {
    const { type, symbol } = JSON.parse(text) as { type: string; symbol: string }
    this.received.push({ type, symbol })
    const { symbols: known, symbolsMax } = this.#options
    const answer = (msg: string) => socket.send(JSON.stringify({ msg, type: 'error' }))
    if (type === 'unsubscribe') symbols.delete(symbol)
    else if (type !== 'subscribe') answer(`Invalid type ${type}`)
    else if (known && !known.includes(symbol)) answer(`Invalid symbol ${symbol}`)
    else if (symbols.size >= symbolsMax && !symbols.has(symbol)) answer('Subscribing to too many symbols')
    else symbols.add(symbol)
  }
}

function refuse(socket: Duplex): void {
  const body = '{"error":"Invalid API key"}'
  socket.end(
    `HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  )
}
