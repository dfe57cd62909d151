/** A client for the simulator's tests: connects, collects trades, waits for a condition, reads REST. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { WebSocket } from 'ws'

/** A trade event as Binance sends it. */
export interface TradeEvent {
  e: 'trade'
  E: number
  s: string
  t: number
  p: string
  q: string
  T: number
  m: boolean
  M: boolean
}

/** Best bid and ask as Binance sends them. */
export interface QuoteEvent {
  u: number
  s: string
  b: string
  B: string
  a: string
  A: string
}

const WAIT_MS_MAX = 120_000

export class TestClient {
  readonly ws: WebSocket
  readonly messages: string[] = []
  pings = 0

  private constructor(ws: WebSocket) {
    this.ws = ws
    ws.on('message', data => this.messages.push(String(data)))
    ws.on('ping', () => this.pings++)
    ws.on('error', () => undefined)
  }

  static async connect(url: string): Promise<TestClient> {
    const client = new TestClient(new WebSocket(url))
    await once(client.ws, 'open')
    return client
  }

  /** Received trades of one symbol, or of all, without frames of invalid JSON. */
  trades(symbol?: string): TradeEvent[] {
    return this.#events<TradeEvent>(event => event.e === 'trade' && (symbol === undefined || event.s === symbol))
  }

  /** Received quotes of one symbol, or of all. */
  quotes(symbol?: string): QuoteEvent[] {
    return this.#events<QuoteEvent>(event => 'u' in event && (symbol === undefined || event.s === symbol))
  }

  #events<E>(isWanted: (event: Partial<TradeEvent & QuoteEvent>) => boolean): E[] {
    return this.messages.flatMap(message => {
      try {
        const body = JSON.parse(message)
        const event = body.data ?? body
        return isWanted(event) ? [event as E] : []
      } catch {
        return []
      }
    })
  }

  /** Resolves when the condition is true, checked after each message; rejects after `WAIT_MS_MAX`. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const signal = AbortSignal.timeout(WAIT_MS_MAX)
    while (!condition()) {
      try {
        await once(this.ws, 'message', { signal })
      } catch {
        assert.fail(`waited in vain for ${what}`)
      }
    }
  }

  /** Sends a request and resolves with the response of its id. */
  async request(request: { method: string; params?: unknown[]; id: number }): Promise<object> {
    const from = this.messages.length
    this.ws.send(JSON.stringify(request))
    const answer = (): string | undefined => this.messages.slice(from).find(text => text.includes(`"id":${request.id}`))
    await this.until(() => answer() !== undefined, `an answer to ${request.method}`)
    return JSON.parse(answer()!) as object
  }
}

/** Ids missing between the first and the last, and ids received more than once. */
export function idFaults(trades: readonly TradeEvent[]): { missing: number[]; repeated: number[] } {
  const ids = trades.map(trade => trade.t)
  const known = new Set(ids)
  const missing: number[] = []
  for (let id = ids[0]!; id < ids.at(-1)!; id++) if (!known.has(id)) missing.push(id)
  return { missing, repeated: ids.filter((id, index) => ids.indexOf(id) !== index) }
}

export async function getJson(url: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url)
  return { status: response.status, body: await response.json() }
}
