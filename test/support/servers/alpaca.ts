/**
 * Alpaca's data stream, as its documents describe it: https://docs.alpaca.markets/docs/streaming-market-data. The login,
 * the subscriptions, the errors, JSON or MessagePack by the client's `Content-Type`. Its own client, alpaca-py, is run
 * against it: `test/venues/alpaca/server.test.ts`.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { type WebSocket, WebSocketServer } from 'ws'
import { readMessagePack } from '../../../src/venues/alpaca/message-pack.ts'
import { writeMessagePack } from '../data/message-pack.ts'

/** An item as the document names its fields; `t` is RFC 3339 text, an `i` beyond 2^53 a bigint. */
export type AlpacaItem = { T: string; S: string } & Record<string, unknown>

export interface AlpacaOptions {
  key: string
  secret: string
  /** Paths of the feeds in the account's plan; every one if undefined. */
  plan?: readonly string[]
  /** Symbols of trades and of quotes that the plan has. */
  symbolsMax?: number
  loginMsMax?: number
  /** How long a connection that broke counts as one. */
  brokenMs?: number
}

interface Client {
  path: string
  socket: WebSocket
  binary: boolean
  authenticated: boolean
  trades: Set<string>
  quotes: Set<string>
}

/** The channel that an item comes with. */
const CHANNEL: Readonly<Record<string, 'trades' | 'quotes'>> = { t: 'trades', c: 'trades', x: 'trades', q: 'quotes' }
const ERRORS: Readonly<Record<number, string>> = {
  400: 'invalid syntax',
  401: 'not authenticated',
  402: 'auth failed',
  403: 'already authenticated',
  404: 'auth timeout',
  405: 'symbol limit exceeded',
  406: 'connection limit exceeded',
  407: 'slow client',
  408: 'v2 not enabled',
  409: 'insufficient subscription',
  410: 'invalid subscribe action for this feed',
  500: 'internal error',
}

export class AlpacaServer {
  /** Paths of all connections so far, in order. */
  readonly connects: string[] = []
  /** What clients sent, in order, without logins. */
  readonly received: Record<string, unknown>[] = []
  logins = 0
  /** Sent instead of the next answers to logins: error codes. */
  readonly refuseLoginWith: number[] = []
  readonly #options: Required<Omit<AlpacaOptions, 'plan'>> & Pick<AlpacaOptions, 'plan'>
  readonly #http = createServer()
  readonly #webSockets = new WebSocketServer({ noServer: true })
  readonly #clients = new Set<Client>()
  /** Connections that broke and still count, by path. */
  readonly #broken = new Map<string, number>()
  readonly #timers = new Set<NodeJS.Timeout>()

  /** Listens until the test ends. */
  static async open(t: TestContext, options: AlpacaOptions): Promise<AlpacaServer> {
    const server = new AlpacaServer(options)
    t.after(() => server.close())
    server.#http.listen(0, '127.0.0.1')
    await once(server.#http, 'listening')
    return server
  }

  private constructor({ symbolsMax = 30, loginMsMax = 10_000, brokenMs = 90_000, ...options }: AlpacaOptions) {
    this.#options = { symbolsMax, loginMsMax, brokenMs, ...options }
    this.#http.on('upgrade', (request, socket, head) => {
      this.#webSockets.handleUpgrade(request, socket, head, opened => this.#welcome(request, opened))
    })
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  /** Symbols that the connection to a path gets, in the order of their subscription; undefined if there is none. */
  subscribed(path: string, channel: 'trades' | 'quotes' = 'trades'): string[] | undefined {
    const client = [...this.#clients].find(each => each.path === path && each.authenticated)
    return client && [...client[channel]]
  }

  /** Sends the items that each connection to the path is subscribed to, in lists of at most `perFrame`. */
  send(path: string, items: readonly AlpacaItem[], perFrame = items.length): void {
    for (const client of this.#clients) {
      if (client.path !== path) continue
      const own = items.filter(({ T, S }) => client[CHANNEL[T]!].has(S) || client[CHANNEL[T]!].has('*'))
      for (let at = 0; at < own.length; at += perFrame) this.#write(client, own.slice(at, at + perFrame))
    }
  }

  /** Sends an error to each connection; after 404 and 407 the server closes. */
  error(code: number): void {
    for (const client of this.#clients) this.#refuse(client, code)
  }

  /** Each connection ends without a close, and counts for some time. */
  break(): void {
    for (const client of this.#clients) {
      this.#broken.set(client.path, (this.#broken.get(client.path) ?? 0) + 1)
      this.#later(this.#options.brokenMs, () => this.#broken.set(client.path, this.#broken.get(client.path)! - 1))
      client.socket.terminate()
    }
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    for (const { socket } of this.#clients) socket.terminate()
    if (!this.#http.listening) return
    this.#http.closeAllConnections()
    this.#http.close()
    await once(this.#http, 'close')
  }

  #welcome(request: IncomingMessage, socket: WebSocket): void {
    const path = request.url!
    const binary = request.headers['content-type'] === 'application/msgpack'
    const client = { path, socket, binary, authenticated: false, trades: new Set<string>(), quotes: new Set<string>() }
    this.connects.push(path)
    this.#clients.add(client)
    socket.on('error', () => {})
    socket.on('close', () => this.#clients.delete(client))
    socket.on('message', (data: Buffer, isBinary) => this.#take(client, data, isBinary))
    this.#write(client, [{ T: 'success', msg: 'connected' }])
    this.#later(this.#options.loginMsMax, () => {
      if (!client.authenticated) this.#refuse(client, 404)
    })
  }

  #take(client: Client, data: Buffer, isBinary: boolean): void {
    let message: Record<string, unknown>
    try {
      message = (isBinary ? readMessagePack(data) : JSON.parse(data.toString())) as Record<string, unknown>
    } catch {
      this.#refuse(client, 400)
      return
    }
    const { action } = message
    if (action === 'auth') this.#login(client, message)
    else {
      this.received.push(message)
      if (!client.authenticated) this.#refuse(client, 401)
      else if (action === 'subscribe' || action === 'unsubscribe') this.#change(client, action, message)
      else this.#refuse(client, 400)
    }
  }

  #login(client: Client, { key, secret }: Record<string, unknown>): void {
    this.logins++
    const others = [...this.#clients].filter(each => each !== client && each.path === client.path && each.authenticated)
    const refusal = this.refuseLoginWith.shift()
    if (refusal !== undefined) this.#refuse(client, refusal)
    else if (client.authenticated) this.#refuse(client, 403)
    else if (key !== this.#options.key || secret !== this.#options.secret) this.#refuse(client, 402)
    else if (others.length + (this.#broken.get(client.path) ?? 0) > 0) this.#refuse(client, 406)
    else if (this.#options.plan && !this.#options.plan.includes(client.path)) this.#refuse(client, 409)
    else {
      client.authenticated = true
      this.#write(client, [{ T: 'success', msg: 'authenticated' }])
    }
  }

  /** All of a request, or nothing. */
  #change(client: Client, action: 'subscribe' | 'unsubscribe', message: Record<string, unknown>): void {
    const wanted = { trades: new Set(client.trades), quotes: new Set(client.quotes) }
    for (const channel of ['trades', 'quotes'] as const) {
      for (const symbol of (message[channel] ?? []) as string[]) {
        if (!/^(\*|[A-Z][A-Z0-9./]*)$/.test(symbol)) {
          this.#refuse(client, 400)
          return
        }
        if (action === 'subscribe') wanted[channel].add(symbol)
        else wanted[channel].delete(symbol)
      }
    }
    const { symbolsMax } = this.#options
    if (wanted.trades.size > symbolsMax || wanted.quotes.size > symbolsMax) {
      this.#refuse(client, 405)
      return
    }
    Object.assign(client, wanted)
    const trades = [...wanted.trades]
    const none = { bars: [], updatedBars: [], dailyBars: [], statuses: [], lulds: [] }
    const own = { trades, quotes: [...wanted.quotes], ...none, corrections: trades, cancelErrors: trades }
    this.#write(client, [{ T: 'subscription', ...own }])
  }

  #refuse(client: Client, code: number): void {
    this.#write(client, [{ T: 'error', code, msg: ERRORS[code] }])
    if (code === 404 || code === 407) client.socket.close()
  }

  #write({ socket, binary }: Client, items: readonly Record<string, unknown>[]): void {
    socket.send(binary ? writeMessagePack(items) : jsonOf(items))
  }

  #later(ms: number, action: () => void): void {
    this.#timers.add(setTimeout(action, ms))
  }
}

/** JSON with integers of any size. */
function jsonOf(items: readonly Record<string, unknown>[]): string {
  const marked = JSON.stringify(items, (_key, value) => (typeof value === 'bigint' ? `bigint:${value}` : value))
  return marked.replace(/"bigint:(\d+)"/g, '$1')
}
