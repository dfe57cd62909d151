/**
 * Kraken spot, WebSocket v2, channel `trade`: https://docs.kraken.com/api/docs/websocket-v2/trade. One trade per frame.
 */

import { SIDE, type TradeColumns } from '../../tick/trades.ts'
import { decimalText } from '../format-decimal.ts'
import { TimeText } from '../format-time.ts'
import { BySymbol, type ServerSession, type VenueServerProtocol } from '../server-protocol.ts'
import type { FrameBuffer } from '../websocket-frames.ts'

export const kraken: VenueServerProtocol = {
  kinds: ['trades'],
  target: () => '/v2',
  open: url => (['/v2', '/'].includes(url.pathname) ? new KrakenSession() : undefined),
}

interface Request {
  method?: unknown
  params?: { channel?: unknown; symbol?: unknown; snapshot?: unknown } | null
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
  readonly #symbols = new Set<string>()
  readonly #heads = new BySymbol(symbol =>
    this.subscribes(symbol)
      ? `{"channel":"trade","type":"update","data":[{"symbol":${JSON.stringify(symbol)},"side":"`
      : undefined,
  )
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
    if ((method !== 'subscribe' && method !== 'unsubscribe') || params?.channel !== 'trade') {
      return [answer({ method, error: 'Only the trade channel is replayed', success: false, req_id })]
    }
    const symbols = Array.isArray(params.symbol) ? params.symbol.filter(symbol => typeof symbol === 'string') : []
    const snapshot = params.snapshot !== false
    const answers: string[] = []
    for (const symbol of symbols) {
      if (method === 'subscribe') this.#symbols.add(symbol)
      else this.#symbols.delete(symbol)
      const result = method === 'subscribe' ? { channel: 'trade', snapshot, symbol } : { channel: 'trade', symbol }
      answers.push(answer({ method, result, success: true, req_id }))
      if (method === 'subscribe' && snapshot) answers.push('{"channel":"trade","type":"snapshot","data":[]}')
    }
    this.#heads.forget()
    return answers
  }

  subscribes(symbol: string): boolean {
    return this.#symbols.has(symbol)
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

  heartbeat(): readonly string[] {
    const quiet = !this.#wroteSinceHeartbeat
    this.#wroteSinceHeartbeat = false
    return quiet && this.#symbols.size > 0 ? ['{"channel":"heartbeat"}'] : []
  }
}

/** An answer states when it was received and sent; a replay has no such time and states 1970. */
function answer(body: object): string {
  const time = '1970-01-01T00:00:00.000000Z'
  return JSON.stringify({ ...body, time_in: time, time_out: time })
}
