/**
 * Coinbase Exchange, channels `matches`, `heartbeat` and `level2_batch`:
 * https://docs.cdp.coinbase.com/exchange/websocket-feed/channels. What was not stored is not invented: order ids are
 * nil, the trade's id stands for the product's sequence, and a book has one level a side: the quote.
 */

import type { QuoteColumns } from '../../tick/quotes/quotes.ts'
import { SIDE, type TradeColumns } from '../../tick/trades.ts'
import { decimalText } from '../format-decimal.ts'
import { TimeText } from '../format-time.ts'
import { BySymbol, type ServerSession, type VenueServerProtocol } from '../server-protocol.ts'
import type { FrameBuffer } from '../websocket-frames.ts'
import { OneLevelBook } from './one-level-book.ts'

const NIL = '00000000-0000-0000-0000-000000000000'
const CHANNELS = ['matches', 'heartbeat', 'level2_batch'] as const
type Channel = (typeof CHANNELS)[number]

export const coinbase: VenueServerProtocol = {
  kinds: ['trades', 'quotes'],
  target: () => '/',
  open: url => (url.pathname === '/' ? new CoinbaseSession() : undefined),
}

interface Request {
  type?: unknown
  product_ids?: unknown
  channels?: unknown
}

class CoinbaseSession implements ServerSession {
  readonly welcome = []
  readonly #products: Record<Channel, Set<string>> = {
    matches: new Set(),
    heartbeat: new Set(),
    level2_batch: new Set(),
  }
  readonly #heads = new BySymbol(symbol =>
    this.#products.matches.has(symbol) ? `,"product_id":${JSON.stringify(symbol)},"sequence":` : undefined,
  )
  readonly #time = new TimeText()
  /** By product, of those whose book the client has subscribed to. */
  readonly #books = new Map<string, OneLevelBook>()
  /** By product: id and time of the last match sent. */
  readonly #last = new Map<string, { id: bigint; nanos: bigint }>()

  onMessage(message: string): readonly string[] {
    let request: Request
    try {
      request = (JSON.parse(message) as Request | null) ?? {}
    } catch {
      return [refusal('Malformed JSON', 'not JSON')]
    }
    const { type } = request
    if (type !== 'subscribe' && type !== 'unsubscribe') return [refusal('Failed to subscribe', 'unknown type')]
    const all = texts(request.product_ids)
    for (const entry of Array.isArray(request.channels) ? request.channels : []) {
      const name = typeof entry === 'string' ? entry : (entry as { name?: unknown } | null)?.name
      const channel = CHANNELS.find(known => known === name)
      if (!channel) return [refusal('Failed to subscribe', `${String(name)} is not a channel of a replay`)]
      const own = typeof entry === 'string' ? [] : texts((entry as { product_ids?: unknown }).product_ids)
      for (const product of [...all, ...own]) {
        if (type === 'subscribe') this.#products[channel].add(product)
        else this.#products[channel].delete(product)
        // A subscription begins with a snapshot.
        if (channel === 'level2_batch') this.#books.delete(product)
      }
    }
    this.#heads.forget()
    const channels = CHANNELS.filter(name => this.#products[name].size > 0)
    return [
      JSON.stringify({
        type: 'subscriptions',
        channels: channels.map(name => ({
          name: name === 'level2_batch' ? 'level2_50' : name,
          product_ids: [...this.#products[name]],
        })),
      }),
    ]
  }

  subscribes(symbol: string): boolean {
    return this.#products.matches.has(symbol) || this.#products.level2_batch.has(symbol)
  }

  write(out: FrameBuffer, trades: TradeColumns, start: number, end: number): number {
    const heads = this.#heads.of(trades)
    let skipped = 0
    for (let row = start; row < end; row++) {
      const head = heads[trades.symbol[row]!]
      if (head === undefined) continue
      if (trades.side[row] === SIDE.unknown) {
        skipped++
        continue
      }
      const id = trades.tradeId[row]!
      const nanos = trades.timestamp[row]!
      // The feed names the maker's side.
      const side = trades.side[row] === SIDE.buy ? 'sell' : 'buy'
      out.text(
        Buffer.from(
          `{"type":"match","trade_id":${id},"maker_order_id":"${NIL}","taker_order_id":"${NIL}","side":"${side}","size":"${decimalText(trades.volume[row]!)}","price":"${decimalText(trades.price[row]!)}"${head}${id},"time":"${this.#time.of(nanos)}"}`,
        ),
      )
      this.#last.set(trades.symbols.words[trades.symbol[row]!]!, { id, nanos })
    }
    return skipped
  }

  /** Of equal quotes in a row only the first can be sent: the book has not changed. */
  writeQuotes(out: FrameBuffer, quotes: QuoteColumns, start: number, end: number): number {
    const { words } = quotes.symbols
    let skipped = 0
    for (let row = start; row < end; row++) {
      const product = words[quotes.symbol[row]!]!
      if (!this.#products.level2_batch.has(product)) continue
      const book = this.#books.get(product) ?? new OneLevelBook(product)
      this.#books.set(product, book)
      const nanos = quotes.timestamp[row]!
      const frame = book.frameOf(quotes, row, nanos === 0n ? undefined : this.#time.of(nanos))
      if (frame === undefined) skipped++
      else out.text(Buffer.from(frame))
    }
    return skipped
  }

  heartbeat(): readonly string[] {
    return [...this.#products.heartbeat].map(product => {
      const { id, nanos } = this.#last.get(product) ?? { id: 0n, nanos: 0n }
      return `{"type":"heartbeat","last_trade_id":${id},"product_id":${JSON.stringify(product)},"sequence":${id},"time":"${this.#time.of(nanos)}"}`
    })
  }
}

function refusal(message: string, reason: string): string {
  return JSON.stringify({ type: 'error', message, reason })
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : []
}
