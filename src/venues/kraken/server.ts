/**
 * Kraken spot, WebSocket v2, channels `trade` (https://docs.kraken.com/api/docs/websocket-v2/trade) and `ticker` with
 * `event_trigger` `bbo` (https://docs.kraken.com/api/docs/websocket-v2/ticker). One tick per frame. What was not stored is
 * not invented: the last price and the statistics of the day are 0.
 */

import type { QuoteColumns } from '../../tick/quotes/quotes.ts'
import { SIDE, type TradeColumns } from '../../tick/trades.ts'
import { decimalText } from '../format-decimal.ts'
import { TimeText } from '../format-time.ts'
import { BySymbol, type ServerSession, type VenueServerProtocol } from '../server-protocol.ts'
import type { FrameBuffer } from '../websocket-frames.ts'

export const kraken: VenueServerProtocol = {
  kinds: ['trades', 'quotes'],
  target: () => '/v2',
  open: url => (['/v2', '/'].includes(url.pathname) ? new KrakenSession() : undefined),
}

const CHANNELS = ['trade', 'ticker'] as const
type Channel = (typeof CHANNELS)[number]

interface Request {
  method?: unknown
  params?: { channel?: unknown; symbol?: unknown; snapshot?: unknown; event_trigger?: unknown } | null
  req_id?: unknown
}

class KrakenSession implements ServerSession {
  readonly welcome = [
    JSON.stringify({
      channel: 'status',
      type: 'update',
      data: [{ version: '2.0.0', system: 'online', api_version: 'v2', connection_id: 0 }],
    }),
  ]
  readonly #symbols: Record<Channel, Set<string>> = { trade: new Set(), ticker: new Set() }
  readonly #heads = new BySymbol(symbol => this.#head('trade', symbol, '"side":"'))
  readonly #tickerHeads = new BySymbol(symbol => this.#head('ticker', symbol, '"bid":'))
  readonly #time = new TimeText()
  #wroteSinceHeartbeat = false

  onMessage(message: string): readonly string[] {
    let request: Request
    try {
      request = (JSON.parse(message) as Request | null) ?? {}
    } catch {
      return [answer({ error: 'Malformed request', success: false })]
    }
    const { method, params, req_id } = request
    if (method === 'ping') return [answer({ method: 'pong', req_id })]
    const channel = CHANNELS.find(known => known === params?.channel)
    if ((method !== 'subscribe' && method !== 'unsubscribe') || !channel || !params)
      return [answer({ method, error: 'Only the channels trade and ticker are replayed', success: false, req_id })]
    const { event_trigger } = params
    // Kraken's default: at each trade, which is no feed of quotes.
    if (channel === 'ticker' && event_trigger !== 'bbo')
      return [answer({ method, error: 'Only event_trigger bbo is replayed', success: false, req_id })]
    const trigger = channel === 'ticker' ? { event_trigger } : {}
    const symbols = Array.isArray(params.symbol) ? params.symbol.filter(symbol => typeof symbol === 'string') : []
    const snapshot = params.snapshot !== false
    const answers: string[] = []
    for (const symbol of symbols) {
      if (method === 'subscribe') this.#symbols[channel].add(symbol)
      else this.#symbols[channel].delete(symbol)
      const result = { channel, ...trigger, ...(method === 'subscribe' && { snapshot }), symbol }
      answers.push(answer({ method, result, success: true, req_id }))
      if (method === 'subscribe' && snapshot && channel === 'trade')
        answers.push('{"channel":"trade","type":"snapshot","data":[]}')
    }
    this.#heads.forget()
    this.#tickerHeads.forget()
    return answers
  }

  subscribes(symbol: string): boolean {
    return CHANNELS.some(channel => this.#symbols[channel].has(symbol))
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
      const side = trades.side[row] === SIDE.buy ? 'buy' : 'sell'
      out.text(
        Buffer.from(
          `${head}${side}","price":${decimalText(trades.price[row]!)},"qty":${decimalText(trades.volume[row]!)},"ord_type":"market","trade_id":${trades.tradeId[row]},"timestamp":"${this.#time.of(trades.timestamp[row]!)}"}]}`,
        ),
      )
      this.#wroteSinceHeartbeat = true
    }
    return skipped
  }

  /** A ticker has neither the number nor the flags of a quote. */
  writeQuotes(out: FrameBuffer, quotes: QuoteColumns, start: number, end: number): number {
    const heads = this.#tickerHeads.of(quotes)
    for (let row = start; row < end; row++) {
      const head = heads[quotes.symbol[row]!]
      if (head === undefined) continue
      const nanos = quotes.timestamp[row]!
      const time = nanos === 0n ? '' : `,"timestamp":"${this.#time.of(nanos)}"`
      out.text(
        Buffer.from(
          `${head}${decimalText(quotes.bidPrice[row]!)},"bid_qty":${decimalText(quotes.bidSize[row]!)},"ask":${decimalText(quotes.askPrice[row]!)},"ask_qty":${decimalText(quotes.askSize[row]!)},"last":0,"volume":0,"vwap":0,"low":0,"high":0,"change":0,"change_pct":0${time}}]}`,
        ),
      )
      this.#wroteSinceHeartbeat = true
    }
    return 0
  }

  /** The beginning of each frame of a symbol; undefined if the client has not subscribed to it. */
  #head(channel: Channel, symbol: string, next: string): string | undefined {
    if (!this.#symbols[channel].has(symbol)) return undefined
    return `{"channel":"${channel}","type":"update","data":[{"symbol":${JSON.stringify(symbol)},${next}`
  }

  heartbeat(): readonly string[] {
    const quiet = !this.#wroteSinceHeartbeat
    this.#wroteSinceHeartbeat = false
    return quiet && CHANNELS.some(channel => this.#symbols[channel].size > 0) ? ['{"channel":"heartbeat"}'] : []
  }
}

/** An answer states when it was received and sent; a replay has no such time and states 1970. */
function answer(body: object): string {
  const time = '1970-01-01T00:00:00.000000Z'
  return JSON.stringify({ ...body, time_in: time, time_out: time })
}
