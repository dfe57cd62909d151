/**
 * Binance spot's REST side for trades, in its exact shape, with its faults one by one. It weighs requests as Binance does,
 * and bans who goes on after a 429.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { klinesOf } from '../data/klines.ts'
import type { Owner } from '../processes/tickhouse.ts'

/** A trade as Binance states it; `micros` since 1970 UTC. */
export interface BinanceTrade {
  id: number
  price: string
  qty: string
  micros: number
  isBuyerMaker: boolean
}

export type Fault =
  /** History begins at an id, whatever is requested. */
  | 'begins above'
  /** Times in ms, also where µs are requested. */
  | 'milliseconds'
  /** Pages of 7 trades: cuts inside a millisecond. */
  | 'cut pages'
  /** Pages of any length up to what was requested. */
  | 'short pages'
  /** Each trade is left out the first time that it would be sent, one of seven. */
  | 'holed pages'
  /** Every third page is the one before again. */
  | 'repeated pages'
  /** Every third page has aggregates' ids. */
  | 'aggregate ids'
  /** Every third request is answered with an HTML page, not JSON. */
  | 'html'
  /** Every third connection is reset in the body. */
  | 'reset'
  /** Every third answer ends before its length. */
  | 'cut body'
  /** Every third answer is a 503, or an error of the server in JSON. */
  | 'unavailable'
  /** The second request gets 429; one before the end of Retry-After gets 418. */
  | 'rate limit'

const WEIGHT: Record<string, number> = { historicalTrades: 25, trades: 25, aggTrades: 4, klines: 2 }
const WEIGHT_MAX = 6_000

export class BinanceRest {
  readonly url: string
  readonly faults: Set<Fault>
  readonly requests: { path: string; atMs: number; status: number }[] = []
  /** The most weight of a minute. */
  weightMax = 0
  bans = 0
  /** Seconds of a 429. */
  retryAfter = 1
  beginsAt = 0
  /** Set: every request is answered with this. */
  denies: { status: number; body: string } | undefined
  readonly #trades: ReadonlyMap<string, readonly BinanceTrade[]>
  readonly #left = new Set<number>()
  #weight = { minute: -1, used: 0 }
  #limitedUntilMs = 0
  #count = 0
  #last: unknown[] = []

  /** `trades` by symbol, in order of ids. */
  static async open(
    t: Owner,
    trades: ReadonlyMap<string, readonly BinanceTrade[]>,
    faults: Iterable<Fault> = [],
  ): Promise<BinanceRest> {
    const server = createServer((request, response) => rest.#answer(request, response))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const rest = new BinanceRest(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, trades, faults)
    t.after(async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    })
    return rest
  }

  private constructor(url: string, trades: ReadonlyMap<string, readonly BinanceTrade[]>, faults: Iterable<Fault>) {
    this.url = url
    this.#trades = trades
    this.faults = new Set(faults)
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url!, 'http://localhost')
    const path = url.pathname.replace('/api/v3/', '')
    const seen = { path: request.url!, atMs: performance.now(), status: 200 }
    this.requests.push(seen)
    const nowMs = Date.now()
    const minute = Math.floor(nowMs / 60_000)
    if (minute !== this.#weight.minute) this.#weight = { minute, used: 0 }
    this.#weight.used += WEIGHT[path] ?? 20
    this.weightMax = Math.max(this.weightMax, this.#weight.used)
    response.setHeader('X-MBX-USED-WEIGHT-1M', this.#weight.used)
    const send = (status: number, body: string, type = 'application/json') => {
      seen.status = status
      response.writeHead(status, { 'Content-Type': type }).end(body)
    }
    const every3rd = ++this.#count % 3 === 0
    if (this.denies) send(this.denies.status, this.denies.body, 'text/html')
    else if (nowMs < this.#limitedUntilMs) {
      this.bans++
      this.#limitedUntilMs = nowMs + 120_000
      response.setHeader('Retry-After', 120)
      send(418, `{"code":-1003,"msg":"Way too many requests; IP banned until ${this.#limitedUntilMs}."}`)
    } else if (this.#weight.used > WEIGHT_MAX || (this.faults.has('rate limit') && this.#count === 2)) {
      this.#limitedUntilMs = nowMs + this.retryAfter * 1000
      response.setHeader('Retry-After', this.retryAfter)
      send(
        429,
        '{"code":-1003,"msg":"Too much request weight used; current limit is 6000 request weight per 1 MINUTE."}',
      )
    } else if (every3rd && this.faults.has('html')) send(200, '<html><body>Request blocked</body></html>', 'text/html')
    else if (every3rd && this.faults.has('unavailable'))
      if (this.#count % 2) send(503, '<html>503</html>', 'text/html')
      else send(400, '{"code":-1008,"msg":"Server is currently overloaded with other requests."}')
    else {
      const rows = this.#rows(path, url.searchParams, request.headers['x-mbx-time-unit'] === 'MICROSECOND')
      if (typeof rows === 'string') send(400, rows)
      else if (every3rd && (this.faults.has('reset') || this.faults.has('cut body'))) {
        const body = JSON.stringify(rows)
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length })
        response.write(body.slice(0, body.length / 2))
        setTimeout(() => (this.faults.has('reset') ? request.socket.resetAndDestroy() : request.socket.end()), 5)
      } else send(200, JSON.stringify(rows))
    }
  }

  #rows(path: string, query: URLSearchParams, micros: boolean): unknown[] | string {
    const all = this.#trades.get(query.get('symbol') ?? '')
    if (!all) return '{"code":-1121,"msg":"Invalid symbol."}'
    const time = (at: number) => (micros && !this.faults.has('milliseconds') ? at : Math.floor(at / 1000))
    const limit = Math.min(1_000, Number(query.get('limit') ?? 500), this.faults.has('cut pages') ? 7 : 1_000)
    if (path === 'aggTrades') return this.#aggregates(all, query, limit, time)
    if (path === 'klines') return klinesOf(all, Number(query.get('startTime')), Number(query.get('endTime')), limit)
    const fromId = query.get('fromId')
    const from = Math.max(Number(fromId ?? 0), this.faults.has('begins above') ? this.beginsAt : 0)
    let page = fromId === null ? all.slice(-limit) : all.filter(({ id }) => id >= from).slice(0, limit)
    if (this.faults.has('short pages')) page = page.slice(0, 1 + (this.#count % Math.max(1, page.length)))
    if (this.faults.has('holed pages'))
      page = page.filter(({ id }) => id % 7 !== 0 || this.#left.has(id) || !this.#left.add(id))
    const space = this.faults.has('aggregate ids') && this.#count % 3 === 0 ? 2 : 1
    const rows = page.map(({ id, price, qty, micros: at, isBuyerMaker }) => ({
      id: Math.floor(id / space),
      ...{ price, qty, quoteQty: String(Number(price) * Number(qty)), time: time(at), isBuyerMaker, isBestMatch: true },
    }))
    if (this.faults.has('repeated pages') && this.#count % 3 === 0) return this.#last
    this.#last = rows
    return rows
  }

  #aggregates(all: readonly BinanceTrade[], query: URLSearchParams, limit: number, time: (at: number) => number) {
    const fromId = query.get('fromId')
    const startMs = Number(query.get('startTime') ?? 0)
    return aggregatesOf(all)
      .map((own, a) => ({ a, own }))
      .filter(({ a, own }) => (fromId === null ? own[0]!.micros >= startMs * 1000 : a >= Number(fromId)))
      .slice(0, limit)
      .map(({ a, own: [first, ...more] }) => ({
        ...{ a, p: first!.price, q: sum([first!, ...more].map(({ qty }) => qty)) },
        ...{ f: first!.id, l: first!.id + more.length, T: time(first!.micros), m: first!.isBuyerMaker, M: true },
      }))
  }
}

/** Trades of one taker order at one price and time, as Binance joins them. */
export function aggregatesOf(trades: readonly BinanceTrade[]): BinanceTrade[][] {
  const joined: BinanceTrade[][] = []
  for (const trade of trades) {
    const last = joined.at(-1)?.at(-1)
    const isSame =
      last &&
      last.micros === trade.micros &&
      last.price === trade.price &&
      last.isBuyerMaker === trade.isBuyerMaker &&
      last.id + 1 === trade.id
    if (isSame) joined.at(-1)!.push(trade)
    else joined.push([trade])
  }
  return joined
}

/** The exact sum of decimals with up to eight places. */
function sum(decimals: readonly string[]): string {
  const units = decimals.reduce((total, text) => {
    const [whole, places = ''] = text.split('.')
    return total + BigInt(whole!) * 100_000_000n + BigInt(places.padEnd(8, '0'))
  }, 0n)
  const digits = String(units).padStart(9, '0')
  return `${digits.slice(0, -8)}.${digits.slice(-8)}`
}
