/**
 * A venue for a soak: a WebSocket server in a venue's format that records every trade it generates, and can refuse a
 * symbol, omit one, report maintenance, and restart a symbol's ids.
 */
import { ReplayServer } from '../../src/replay/server.ts'
import { ORIGIN, SIDE, TradeColumns } from '../../src/tick/trades.ts'
import type { ServerSession, VenueServerProtocol } from '../../src/venues/server-protocol.ts'
import type { FrameBuffer } from '../../src/venues/websocket-frames.ts'

/** A trade the venue generated, sent or not. */
export interface MadeTrade {
  id: number
  price: number
  volume: number
  side: 'buy' | 'sell'
}

const TRADES_A_TURN_MAX = 4096

export class SoakVenue {
  readonly name: string
  readonly symbols: readonly string[]
  /** By symbol, in the order made. */
  readonly made = new Map<string, MadeTrade[]>()
  /** Symbols whose subscriptions are refused, with the response. */
  readonly refused = new Map<string, string>()
  /** How many of those answers were given. */
  refusals = 0
  /** Trades of these are made and not sent. */
  readonly silent = new Set<string>()
  readonly #server: ReplayServer
  readonly #columns = new TradeColumns(TRADES_A_TURN_MAX)
  readonly #nextIds = new Map<string, number>()
  readonly #prices = new Map<string, number>()
  readonly #texts: string[] = []
  #sending: Promise<void> = Promise.resolve()

  constructor(name: string, voice: VenueServerProtocol, symbols: readonly string[]) {
    this.name = name
    this.symbols = symbols
    for (const [index, symbol] of symbols.entries()) {
      this.made.set(symbol, [])
      this.#nextIds.set(symbol, 1_000_000 * (index + 1))
      this.#prices.set(symbol, 100 + index)
    }
    this.#server = new ReplayServer({ ...voice, open: url => this.#open(voice, url) }, symbols)
  }

  async listen(): Promise<string> {
    await this.#server.listen(0)
    return this.#server.url
  }

  close(): Promise<void> {
    return this.#server.close()
  }

  /** Generates `count` trades of random symbols and sends them to the subscribers. */
  make(count: number): Promise<void> {
    const columns = this.#columns
    columns.clear()
    for (let trade = 0; trade < Math.min(count, TRADES_A_TURN_MAX); trade++) {
      const symbol = this.symbols[Math.floor(Math.random() * this.symbols.length)]!
      const id = this.#nextIds.get(symbol)!
      this.#nextIds.set(symbol, id + 1)
      const price = Math.round(this.#prices.get(symbol)! * (1 + (Math.random() - 0.5) / 1000) * 100) / 100
      const volume = Math.ceil(Math.random() * 1000) / 1000
      const sells = Math.random() < 0.5
      this.made.get(symbol)!.push({ id, price, volume, side: sells ? 'sell' : 'buy' })
      if (this.silent.has(symbol)) continue
      const nowMicros = Math.floor((performance.timeOrigin + performance.now()) * 1000)
      columns.add({
        venue: this.name,
        symbol,
        timestampMicros: nowMicros,
        timestampNanos: 0,
        receivedAtMicros: nowMicros,
        price,
        volume,
        side: sells ? SIDE.sell : SIDE.buy,
        tradeId: id,
        origin: ORIGIN.live,
      })
    }
    // One after the other: the columns are used again.
    this.#sending = this.#sending.then(() => this.#server.send([{ ticks: columns, start: 0, end: columns.length }]))
    return this.#sending
  }

  /** A symbol's ids begin again at 1, at another price. */
  reset(symbol: string): void {
    this.#nextIds.set(symbol, 1)
    this.#prices.set(symbol, this.#prices.get(symbol)! * 5)
  }

  /** Sends a text of its own to every client, within a second. */
  say(text: string): void {
    this.#texts.push(text)
  }

  #open(voice: VenueServerProtocol, url: URL): ServerSession | undefined {
    const inner = voice.open(url)
    return inner && new Wrapped(inner, this, this.#texts)
  }
}

class Wrapped implements ServerSession {
  readonly #inner: ServerSession
  readonly #venue: SoakVenue
  readonly #texts: readonly string[]
  #sent: number

  constructor(inner: ServerSession, venue: SoakVenue, texts: readonly string[]) {
    this.#inner = inner
    this.#venue = venue
    this.#texts = texts
    this.#sent = texts.length
  }

  get welcome(): readonly string[] {
    return this.#inner.welcome
  }

  onMessage(message: string): readonly string[] {
    for (const [symbol, answer] of this.#venue.refused) {
      const quoted = JSON.stringify(symbol)
      if (!message.includes(quoted) || !message.includes('"subscribe"')) continue
      this.#venue.refusals++
      const without = message.replace(new RegExp(`,${quoted}|${quoted},|${quoted}`), '')
      return [...this.#inner.onMessage(without), answer]
    }
    return this.#inner.onMessage(message)
  }

  subscribes(symbol: string): boolean {
    return this.#inner.subscribes(symbol)
  }

  write(out: FrameBuffer, trades: TradeColumns, start: number, end: number): number {
    return this.#inner.write(out, trades, start, end)
  }

  heartbeat(): readonly string[] {
    const texts = this.#texts.slice(this.#sent)
    this.#sent = this.#texts.length
    return [...texts, ...this.#inner.heartbeat()]
  }
}
