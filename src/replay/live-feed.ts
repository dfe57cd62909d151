/**
 * The normalised feed: ticks of all venues in one format. A text message is a block of lines, one JSON tick per line,
 * trades as `tick/json.ts` reads them; with `?format=native` a message is one column block as in the log. `?symbols=A,B`
 * filters; `?kinds=trades,quotes` chooses the kinds, without it trades.
 */

import { QUOTES, TRADES } from '../tick/kinds.ts'
import { BlockWriter } from '../tick/native.ts'
import { QuoteColumns } from '../tick/quotes/quotes.ts'
import { QUOTE_BYTES, QUOTE_COLUMN_COUNT, writeQuoteColumns } from '../tick/quotes/record.ts'
import { blockBytes, writeTradeBlock } from '../tick/records.ts'
import { ORIGIN, SIDE, TradeColumns } from '../tick/trades.ts'
import { TimeText } from '../venues/format-time.ts'
import { BySymbol, type ServerSession, type VenueServerProtocol } from '../venues/server-protocol.ts'
import type { FrameBuffer } from '../venues/websocket-frames.ts'

const FORMATS = ['json', 'native'] as const
/** Maximum ticks of one text message, which bounds what a client parses in one go. */
const LINES_MAX = 1_000

const KINDS = [TRADES.name, QUOTES.name]

export const live: VenueServerProtocol = {
  kinds: KINDS,
  target: (_symbols, kinds) => (kinds.includes(QUOTES.name) ? `/live?kinds=${kinds.join(',')}` : '/live'),
  open: url => {
    const format = FORMATS.find(known => known === (url.searchParams.get('format') ?? 'json'))
    if (url.pathname !== '/live' || !format) return undefined
    const kinds = listOf(url, 'kinds') ?? [TRADES.name]
    if (!kinds.every(kind => KINDS.includes(kind))) return undefined
    return new LiveSession(format, new Set(kinds), new Set(listOf(url, 'symbols')))
  },
}

const listOf = (url: URL, name: string): string[] | undefined => url.searchParams.get(name)?.split(',').filter(Boolean)

const SIDE_NAMES = Object.fromEntries(Object.entries(SIDE).map(([name, code]) => [code, name]))

class LiveSession implements ServerSession {
  readonly welcome = []
  readonly #format: (typeof FORMATS)[number]
  readonly #kinds: ReadonlySet<string>
  readonly #symbols: ReadonlySet<string>
  readonly #wanted = new BySymbol(symbol =>
    this.subscribes(symbol) ? `","symbol":${JSON.stringify(symbol)}` : undefined,
  )
  /** The same for quotes, whose dictionary is another. */
  readonly #wantedQuotes = new BySymbol(symbol =>
    this.subscribes(symbol) ? `","symbol":${JSON.stringify(symbol)}` : undefined,
  )
  readonly #block = new TradeColumns(0)
  readonly #quoteBlock = new QuoteColumns(0)
  readonly #time = new TimeText()
  #origins = new Int8Array(0)

  /** An empty set means all symbols. */
  constructor(format: (typeof FORMATS)[number], kinds: ReadonlySet<string>, symbols: ReadonlySet<string>) {
    this.#format = format
    this.#kinds = kinds
    this.#symbols = symbols
  }

  onMessage(): readonly string[] {
    return [
      JSON.stringify({
        error:
          'this feed takes no messages; choose by the URL: /live?symbols=A,B&kinds=trades,quotes&format=json|native',
      }),
    ]
  }

  subscribes(symbol: string): boolean {
    return this.#symbols.size === 0 || this.#symbols.has(symbol)
  }

  write(out: FrameBuffer, trades: TradeColumns, start: number, end: number): number {
    if (!this.#kinds.has(TRADES.name)) return 0
    if (this.#format === 'native') this.#writeBlock(out, trades, start, end)
    else this.#writeLines(out, trades, start, end)
    return 0
  }

  writeQuotes(out: FrameBuffer, quotes: QuoteColumns, start: number, end: number): number {
    if (!this.#kinds.has(QUOTES.name)) return 0
    if (this.#format === 'native') this.#writeQuoteBlock(out, quotes, start, end)
    else this.#writeQuoteLines(out, quotes, start, end)
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
    out.binaryInPlace(blockBytes(rows, trades), room => writeTradeBlock(room, trades, start, end, this.#origins))
  }

  #writeQuoteBlock(out: FrameBuffer, quotes: QuoteColumns, start: number, end: number): void {
    const wanted = this.#wantedQuotes.of(quotes)
    const block = this.#quoteBlock
    block.clear()
    for (let row = start; row < end; ) {
      let until = row
      while (until < end && wanted[quotes.symbol[until]!] !== undefined) until++
      if (until > row) block.appendRange(quotes, row, until)
      row = until + 1
    }
    if (block.length === 0) return
    block.origin.fill(ORIGIN.replay, 0, block.length)
    out.binaryInPlace(1024 + block.length * QUOTE_BYTES, room => {
      const writer = new BlockWriter(QUOTE_COLUMN_COUNT, block.length, room)
      writeQuoteColumns(writer, block)
      return writer.done()
    })
  }

  #writeLines(out: FrameBuffer, trades: TradeColumns, start: number, end: number): void {
    const wanted = this.#wanted.of(trades)
    const venues = trades.venues.words
    const lines = new Lines(out)
    for (let row = start; row < end; row++) {
      const symbol = wanted[trades.symbol[row]!]
      if (symbol === undefined) continue
      lines.add(
        `{"venue":"${venues[trades.venue[row]!]}${symbol},"timestamp":"${this.#time.of(trades.timestamp[row]!)}","price":${trades.price[row]},"volume":${trades.volume[row]},"side":"${SIDE_NAMES[trades.side[row]!]}","trade_id":"${trades.tradeId[row]}"${joinedText(trades, row)}${conditionsText(trades, row)}}\n`,
      )
    }
    lines.end()
  }

  #writeQuoteLines(out: FrameBuffer, quotes: QuoteColumns, start: number, end: number): void {
    const wanted = this.#wantedQuotes.of(quotes)
    const venues = quotes.venues.words
    const lines = new Lines(out)
    for (let row = start; row < end; row++) {
      const symbol = wanted[quotes.symbol[row]!]
      if (symbol === undefined) continue
      const nanos = quotes.timestamp[row]!
      const time = nanos === 0n ? 'null' : `"${this.#time.of(nanos)}"`
      lines.add(
        `{"kind":"quotes","venue":"${venues[quotes.venue[row]!]}${symbol},"timestamp":${time},"received_at":"${this.#time.of(quotes.receivedAt[row]!)}","bid_price":${quotes.bidPrice[row]},"bid_size":${quotes.bidSize[row]},"ask_price":${quotes.askPrice[row]},"ask_size":${quotes.askSize[row]},"sequence":"${quotes.sequence[row]}","flags":${quotes.flags[row]}}\n`,
      )
    }
    lines.end()
  }
}

/** The ids of the trades that an aggregate joins. */
function joinedText({ joined }: TradeColumns, row: number): string {
  if (!joined || joined.last[row] === 0n) return ''
  return `,"first_id":"${joined.first[row]}","last_id":"${joined.last[row]}"`
}

function conditionsText({ conditions }: TradeColumns, row: number): string {
  const text = conditions?.text(row)
  return text ? `,"conditions":${JSON.stringify(text)}` : ''
}

/** Text messages of up to `LINES_MAX` lines. */
class Lines {
  readonly #out: FrameBuffer
  #text = ''
  #count = 0

  constructor(out: FrameBuffer) {
    this.#out = out
  }

  add(line: string): void {
    this.#text += line
    if (++this.#count === LINES_MAX) this.end()
  }

  end(): void {
    if (this.#count > 0) this.#out.textInPlace(this.#text)
    this.#text = ''
    this.#count = 0
  }
}
