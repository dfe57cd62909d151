/**
 * The normalised feed: ticks of all venues in one format. A text message is a block of lines, one JSON tick per line,
 * as `tick/json.ts` reads it; with `?format=native` a message is one column block as in the log. `?symbols=A,B`
 * filters.
 */

import { TRADES } from '../tick/kinds.ts'
import { blockBytes, writeTradeBlock } from '../tick/records.ts'
import { ORIGIN, SIDE, TradeColumns } from '../tick/trades.ts'
import { TimeText } from '../venues/format-time.ts'
import { BySymbol, type ServerSession, type VenueServerProtocol } from '../venues/server-protocol.ts'
import type { FrameBuffer } from '../venues/websocket-frames.ts'

const FORMATS = ['json', 'native'] as const
/** Maximum ticks of one text message, which bounds what a client parses in one go. */
const LINES_MAX = 1_000

export const live: VenueServerProtocol = {
  kinds: [TRADES.name],
  target: () => '/live',
  open: url => {
    const format = FORMATS.find(known => known === (url.searchParams.get('format') ?? 'json'))
    if (url.pathname !== '/live' || !format) return undefined
    const symbols = url.searchParams.get('symbols')?.split(',').filter(Boolean) ?? []
    return new LiveSession(format, new Set(symbols))
  },
}

const SIDE_NAMES = Object.fromEntries(Object.entries(SIDE).map(([name, code]) => [code, name]))

class LiveSession implements ServerSession {
  readonly welcome = []
  readonly #format: (typeof FORMATS)[number]
  readonly #symbols: ReadonlySet<string>
  readonly #wanted = new BySymbol(symbol =>
    this.subscribes(symbol) ? `","symbol":${JSON.stringify(symbol)}` : undefined,
  )
  readonly #block = new TradeColumns(0)
  readonly #time = new TimeText()
  #origins = new Int8Array(0)

  /** An empty set means all symbols. */
  constructor(format: (typeof FORMATS)[number], symbols: ReadonlySet<string>) {
    this.#format = format
    this.#symbols = symbols
  }

  onMessage(): readonly string[] {
    return [
      JSON.stringify({ error: 'this feed takes no messages; choose by the URL: /live?symbols=A,B&format=json|native' }),
    ]
  }

  subscribes(symbol: string): boolean {
    return this.#symbols.size === 0 || this.#symbols.has(symbol)
  }

  write(out: FrameBuffer, trades: TradeColumns, start: number, end: number): number {
    if (this.#format === 'native') this.#writeBlock(out, trades, start, end)
    else this.#writeLines(out, trades, start, end)
    return 0
  }

  heartbeat(): readonly string[] {
    return []
  }

  #writeBlock(out: FrameBuffer, trades: TradeColumns, start: number, end: number): void {
    const wanted = this.#wanted.of(trades)
    if (!wanted.includes(undefined)) {
      this.#frameBlock(out, trades, start, end)
      return
    }
    const block = this.#block
    block.clear()
    for (let row = start; row < end; ) {
      let until = row
      while (until < end && wanted[trades.symbol[until]!] !== undefined) until++
      if (until > row) block.appendRange(trades, row, until)
      row = until + 1
    }
    if (block.length > 0) this.#frameBlock(out, block, 0, block.length)
  }

  #frameBlock(out: FrameBuffer, trades: TradeColumns, start: number, end: number): void {
    const rows = end - start
    if (this.#origins.length < rows) this.#origins = new Int8Array(rows).fill(ORIGIN.replay)
    out.binaryInPlace(blockBytes(rows), room => writeTradeBlock(room, trades, start, end, this.#origins))
  }

  #writeLines(out: FrameBuffer, trades: TradeColumns, start: number, end: number): void {
    const wanted = this.#wanted.of(trades)
    const venues = trades.venues.words
    let lines = ''
    let count = 0
    for (let row = start; row < end; row++) {
      const symbol = wanted[trades.symbol[row]!]
      if (symbol === undefined) continue
      lines += `{"venue":"${venues[trades.venue[row]!]}${symbol},"timestamp":"${this.#time.of(trades.timestamp[row]!)}","price":${trades.price[row]},"volume":${trades.volume[row]},"side":"${SIDE_NAMES[trades.side[row]!]}","trade_id":"${trades.tradeId[row]}"}\n`
      if (++count < LINES_MAX) continue
      out.textInPlace(lines)
      lines = ''
      count = 0
    }
    if (count > 0) out.textInPlace(lines)
  }
}
