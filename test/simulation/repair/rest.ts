/**
 * The REST of a simulated venue in the exact shape of Binance, Coinbase or Kraken, as `fetch`: right when it is calm, and
 * with every vice before. It counts weight, bans who goes on after a 429, and knows which trades it withheld.
 */
import { SIDE } from '../../../src/tick/trades.ts'
import { type Host, START_MICROS } from '../host.ts'
import type { Timeline } from '../timeline.ts'
import { type RepairTally, tried } from './faults.ts'
import type { IssuedTrade, SimulatedVenue } from './venue.ts'

export type Shape = 'binance' | 'coinbase' | 'kraken'

/** What the venue allows in a minute: little, so that it matters. */
export const WEIGHT_MAX = 600
export const WEIGHT = 25
/** By shape, what a request costs of it: Coinbase allows ten requests a second, Kraken about one. */
const COSTS: Readonly<Record<Shape, number>> = { binance: WEIGHT, coinbase: 1, kraken: 10 }
const OTHERS_SHARE = 0.3
const ANSWER_MS_MAX = 400
const BAN_MS = 120_000
/** From the answer until the process has kept the pause that it states. */
const KEPT_AFTER_MS_MAX = 1_000

type Vice =
  | ('short' | 'holes' | 'again' | 'other ids' | 'empty' | '429' | '418' | '403' | '451' | '503' | 'html')
  | ('reset' | 'no answer')
const VICES: readonly Vice[] = [
  ...(['short', 'holes', 'again', 'other ids', 'empty', '429', '418', '403', '451', '503', 'html'] as const),
  ...(['reset', 'no answer'] as const),
]

/** A process that sends requests. */
export interface Client {
  host: Host
  /** Infinite while it lives. */
  killedMs: number
}

interface Page {
  symbol: string
  /** All that the venue would have for the request, were a page long enough. */
  all: IssuedTrade[]
  rows: IssuedTrade[]
  /** Where Kraken's next page begins. */
  last: string
}

export class SimulatedRest {
  /** The shortest id that is kept, of each symbol: a page may begin above what was requested. */
  readonly #beginsAt = new Map<string, number>()
  readonly pageMax: number
  readonly shape: Shape
  /** A venue with times in ms where the feed has µs. */
  readonly inMs: boolean
  /** How often each trade was withheld from an answer that would have had it. */
  readonly withheld = new Map<IssuedTrade, number>()
  /** Requests that came before the end of a pause that had been requested. */
  provoked = 0
  /** Of these, those by a process that cannot have known it. */
  excused = 0
  weightMax = 0
  requests = 0
  /** How long each refusal of the address lasted without an answer between, ms. */
  deniedMs = 0
  /** Refuses for ever, once calm. */
  forGood: 451 | 503 | undefined
  readonly #timeline: Timeline
  readonly #venue: SimulatedVenue
  readonly #tally: RepairTally
  readonly #vices: readonly Vice[]
  readonly #often: number
  #calm = false
  #weight = { minute: -1, used: 0, others: 0 }
  #pausedUntilMs = 0
  #pauseSent: { client: Client; atMs: number } | undefined
  #deniedSinceMs: number | undefined
  #denyUntilMs = 0
  #denyWith: 403 | 451 = 403
  readonly #lastPages = new Map<string, Page>()

  constructor(timeline: Timeline, venue: SimulatedVenue, shape: Shape, tally: RepairTally) {
    this.#timeline = timeline
    this.#venue = venue
    this.#tally = tally
    this.shape = shape
    this.pageMax = [8, 8, 20, 1_000][timeline.below(4)]!
    this.inMs = shape === 'binance' && timeline.chance(0.15)
    this.#vices = VICES.filter(() => timeline.chance(0.35))
    this.#often = [0, 0.1, 0.3, 0.6][timeline.below(4)]!
    if (timeline.chance(0.1)) this.forGood = timeline.chance(0.5) ? 451 : 503
  }

  /** From now on it answers rightly, or refuses for good. */
  heal(): void {
    this.#calm = true
    this.#denyUntilMs = 0
    if (this.forGood) tried(this.#tally, 'refused for good')
  }

  /** Others on the same address use it, too: not more than repair leaves to them, less its first request after each start. */
  useByOthers(): void {
    if (this.shape !== 'binance') return
    tried(this.#tally, 'weight used by others')
    this.#count(0)
    const used = this.#timeline.below(1 + WEIGHT_MAX * OTHERS_SHARE - this.#weight.others)
    this.#weight.others += used
    this.#count(used)
  }

  /** Keeps no trades below the middle of what there is. */
  forget(): void {
    for (const symbol of this.#venue.symbols) {
      const own = this.#venue.current(symbol)
      if (own.length === 0) continue
      tried(this.#tally, 'page begins above')
      this.#beginsAt.set(`${symbol} ${own[0]!.series}`, own[0]!.id + this.#timeline.below(own.length))
    }
  }

  /** Whether it has the trade at all. */
  has(trade: IssuedTrade): boolean {
    const current = this.#venue.current(trade.symbol)
    return (
      current[0]!.series === trade.series &&
      trade.id >= (this.#beginsAt.get(`${trade.symbol} ${trade.series}`) ?? Number.NEGATIVE_INFINITY)
    )
  }

  /** As `fetch`, for a process. */
  fetch(url: string, init: RequestInit, client: Client): Promise<Response> {
    const { promise, resolve, reject } = Promise.withResolvers<Response>()
    init.signal?.addEventListener('abort', () => reject(init.signal!.reason), { once: true })
    const timeline = this.#timeline
    timeline.after(timeline.delayMs(ANSWER_MS_MAX), () => {
      const answer = this.#answer(new URL(url), init, client)
      if (answer) client.host.after(timeline.delayMs(ANSWER_MS_MAX), () => resolve(answer))
    })
    return promise
  }

  #count(weight: number): void {
    const minute = Math.floor(this.#serverMs / 60_000)
    if (minute !== this.#weight.minute) this.#weight = { minute, used: 0, others: 0 }
    this.#weight.used += weight
    this.weightMax = Math.max(this.weightMax, this.#weight.used)
  }

  get #serverMs(): number {
    return START_MICROS / 1000 + this.#timeline.nowMs
  }

  #answer(url: URL, init: RequestInit, client: Client): Response | undefined {
    const timeline = this.#timeline
    this.requests++
    this.#count(COSTS[this.shape])
    const isStill = timeline.nowMs < this.#pausedUntilMs
    if (isStill) {
      const { client: told, atMs } = this.#pauseSent!
      if (told.killedMs < atMs + KEPT_AFTER_MS_MAX) this.excused++
      else this.provoked++
      return this.#limit(418, BAN_MS + timeline.below(100_000), client)
    }
    const vice = this.#vice()
    const denies = this.forGood && this.#calm ? this.forGood : timeline.nowMs < this.#denyUntilMs ? this.#denyWith : 0
    if (denies === 503) return this.#refuse(503, '<html>503 Service Temporarily Unavailable</html>')
    if (denies) return this.#deny(denies)
    switch (vice) {
      case '429':
        tried(this.#tally, '429')
        return this.#limit(429, 1_000 + timeline.below(30_000), client)
      case '418':
        tried(this.#tally, '418 for others')
        return this.#limit(418, BAN_MS + timeline.below(100_000), client)
      case '403':
      case '451':
        this.#denyWith = vice === '403' ? 403 : 451
        this.#denyUntilMs = timeline.nowMs + timeline.delayMs(600_000)
        tried(this.#tally, vice === '403' ? '403 in HTML' : '451')
        return this.#deny(this.#denyWith)
      case '503':
      case 'html':
        tried(this.#tally, '503')
        return this.#refuse(vice === '503' ? 503 : 200, '<html><body>Service unavailable</body></html>')
      case 'no answer':
        tried(this.#tally, 'no answer')
        return undefined
      default:
    }
    this.#deniedSinceMs = undefined
    const right = this.#page(url)
    if (!right) return this.#refuse(404, '{"message":"NotFound"}')
    const page = this.#damaged(right, vice)
    this.#lastPages.set(right.symbol, right)
    const body = this.#bodyOf(page, url, init, vice)
    if (vice !== 'reset') return this.#response(200, body)
    tried(this.#tally, 'reset in the body')
    const half = body.slice(0, body.length / 2)
    const broken = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(half))
        controller.error(new Error('read ECONNRESET'))
      },
    })
    return this.#response(200, broken)
  }

  #vice(): Vice | undefined {
    const timeline = this.#timeline
    if (this.#calm || this.#vices.length === 0 || !timeline.chance(this.#often)) return undefined
    return this.#vices[timeline.below(this.#vices.length)]
  }

  #deny(status: 403 | 451): Response {
    this.#deniedSinceMs ??= this.#timeline.nowMs
    this.deniedMs = Math.max(this.deniedMs, this.#timeline.nowMs - this.#deniedSinceMs)
    return this.#refuse(status, '<html><head><title>Request blocked</title></head><body>Not here.</body></html>')
  }

  #limit(status: 418 | 429, waitMs: number, client: Client): Response {
    const seconds = Math.ceil(waitMs / 1000)
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#timeline.nowMs + seconds * 1000)
    this.#pauseSent = { client, atMs: this.#timeline.nowMs }
    const left = Math.ceil((this.#pausedUntilMs - this.#timeline.nowMs) / 1000)
    return this.#response(status, `{"code":-1003,"msg":"Too many requests."}`, { 'Retry-After': String(left) })
  }

  #refuse(status: number, body: string): Response {
    return this.#response(status, body)
  }

  #response(status: number, body: string | ReadableStream, more: Record<string, string> = {}): Response {
    const date = new Date(Math.floor(this.#serverMs / 1000) * 1000).toUTCString()
    const headers = { 'X-MBX-USED-WEIGHT-1M': String(this.#weight.used), Date: date, ...more }
    return new Response(body, { status, headers })
  }

  /** The right page of a request; undefined for a symbol that it does not know. */
  #page(url: URL): Page | undefined {
    const query = (name: string) => url.searchParams.get(name) ?? ''
    const symbol = this.#venue.symbols.find(name => url.href.includes(encodeURIComponent(name.replace('/', ''))))
    if (symbol === undefined) return undefined
    const all = this.#venue.current(symbol).filter(trade => this.has(trade))
    const pageOf = (own: IssuedTrade[], lastOf: (last: IssuedTrade | undefined) => string): Page => {
      const rows = own.slice(0, this.pageMax)
      return { symbol, all: own, rows, last: lastOf(rows.at(-1)) }
    }
    switch (this.shape) {
      case 'binance':
        return pageOf(
          all.filter(({ id }) => id >= Number(query('fromId'))),
          () => '',
        )
      case 'coinbase': {
        const below = all.filter(({ id }) => id < Number(query('after')))
        return pageOf(below.reverse(), () => '')
      }
      case 'kraken': {
        const since = BigInt(query('since'))
        return pageOf(
          all.filter(({ micros }) => BigInt(micros) * 1000n > since),
          last => (last ? `${last.micros}000` : String(since)),
        )
      }
    }
  }

  #damaged(right: Page, vice: Vice | undefined): Page {
    const timeline = this.#timeline
    const { symbol, all, rows, last } = right
    const lastOf = (own: readonly IssuedTrade[]) => (own.length > 0 ? `${own.at(-1)!.micros}000` : last)
    let page = right
    if (vice === 'short' && rows.length > 1) {
      tried(this.#tally, 'page cut short')
      const own = rows.slice(0, 1 + timeline.below(rows.length - 1))
      page = { ...right, rows: own, last: lastOf(own) }
    } else if (vice === 'holes' && rows.length > 0) {
      tried(this.#tally, 'page with holes')
      page = { ...right, rows: rows.filter(() => timeline.chance(0.7)) }
    } else if (vice === 'empty') {
      tried(this.#tally, 'nothing in the page')
      page = { ...right, rows: [] }
    } else if (vice === 'again' && this.#lastPages.has(symbol)) {
      tried(this.#tally, 'page again')
      page = this.#lastPages.get(symbol)!
    } else if (vice !== 'other ids') return right
    const kept = new Set(vice === 'other ids' ? [] : page.rows)
    for (const trade of all) if (!kept.has(trade)) this.withheld.set(trade, (this.withheld.get(trade) ?? 0) + 1)
    return page
  }

  #bodyOf({ rows, last }: Page, url: URL, { headers }: RequestInit, vice: Vice | undefined): string {
    if (vice === 'other ids') tried(this.#tally, 'ids of the other space')
    const otherOf = (id: number) => (id > 100_000 ? Math.floor(id / 2) : id + 1e9)
    const idOf = ({ id }: IssuedTrade) => (vice === 'other ids' ? otherOf(id) : id)
    switch (this.shape) {
      case 'binance': {
        const inMicros = Object(headers)['X-MBX-TIME-UNIT'] === 'MICROSECOND' && !this.inMs
        if (this.inMs) tried(this.#tally, 'times in ms')
        return JSON.stringify(
          rows.map(trade => ({
            ...{ id: idOf(trade), price: trade.price, qty: trade.volume },
            time: inMicros ? trade.micros : Math.floor(trade.micros / 1000),
            isBuyerMaker: trade.side === SIDE.sell,
          })),
        )
      }
      case 'coinbase':
        return JSON.stringify(
          rows.map(trade => ({
            ...{ trade_id: idOf(trade), price: trade.price, size: trade.volume },
            time: new Date(Math.floor(trade.micros / 1000)).toISOString().replace('Z', `${microsText(trade)}Z`),
            // The maker's.
            side: trade.side === SIDE.buy ? 'sell' : 'buy',
          })),
        )
      case 'kraken': {
        const text = rows.map(
          trade =>
            `["${trade.price}","${trade.volume}",${secondsText(trade)},"${trade.side === SIDE.buy ? 'b' : 's'}","l","",${idOf(trade)}]`,
        )
        return `{"error":[],"result":{"${url.searchParams.get('pair')}Z":[${text.join(',')}],"last":"${last}"}}`
      }
    }
  }
}

const microsText = ({ micros }: IssuedTrade): string => String(micros % 1000).padStart(3, '0')
const secondsText = ({ micros }: IssuedTrade): string =>
  `${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, '0')}`
