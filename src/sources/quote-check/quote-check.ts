/** Records the top of one symbol's book, rebuilt from depth updates and snapshots, for as long as it is open. */
import { nowMicros } from '../../clock.ts'
import { type BookTop, BookTopColumns } from '../../tick/quotes/book-tops.ts'
import { QUOTE_FLAG } from '../../tick/quotes/quotes.ts'
import { ORIGIN } from '../../tick/trades.ts'
import type { DepthFeed, DepthSnapshot } from '../../venues/book/depth.ts'
import { RebuiltBook } from '../../venues/book/rebuilt-book.ts'
import type { Venue } from '../../venues/venue.ts'
import { FeedSocket } from '../connection/socket.ts'
import type { Timings } from '../connection/timings.ts'

const TOPS_MAX = 1_000
/** Shortest time between two snapshots: a book that cannot be rebuilt must not exhaust the venue's limits. */
const SNAPSHOT_EVERY_MS = 5_000
/** A new snapshot is fetched when the best bid or ask has used this share of the snapshot's range. */
const RANGE_SHARE = 0.8

export interface QuoteCheckOptions {
  venue: Venue & { depth: DepthFeed }
  symbol: string
  ws: string
  timings: Timings
  fetchSnapshot(path: string): Promise<unknown>
  /** Called with tops, at the latest after a second. */
  append(tops: BookTopColumns): void
  /** Called once, when the connection ends or a snapshot cannot be fetched. */
  onEnd(why: string): void
}

export class QuoteCheck {
  readonly #options: QuoteCheckOptions
  readonly #socket: FeedSocket
  readonly #rebuilt = new RebuiltBook()
  readonly #timer: NodeJS.Timeout
  #tops = new BookTopColumns(TOPS_MAX)
  #receivedAtMicros = 0
  #fetching = false
  #fetchedMs = Number.NEGATIVE_INFINITY
  #reference = { bid: 0, ask: 0 }
  #closed = false

  /** Starts to connect. */
  constructor(options: QuoteCheckOptions) {
    this.#options = options
    const { venue, symbol, ws, timings } = options
    this.#socket = new FeedSocket({
      // The address names the stream: nothing is sent.
      venue: { ...venue, subscribe: () => [] },
      url: venue.depth.url(ws, symbol),
      symbols: [symbol],
      kinds: [],
      timings,
      onConnected: () => {},
      onOpen: () => this.#fetch(),
      onFrame: (frame, receivedAtMicros) => this.#read(frame, receivedAtMicros),
      onEnd: ({ why }) => this.#end(why),
    })
    this.#timer = setInterval(() => this.#flush(), 1_000)
  }

  /** Appends what is left and closes the connection. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    this.#flush()
    await this.#socket.close()
  }

  #read(frame: Buffer, receivedAtMicros: number): void {
    const event = this.#options.venue.depth.readEvent(frame)
    if (!event) return
    this.#receivedAtMicros = receivedAtMicros
    if (this.#rebuilt.event(event)) this.#add()
    if (this.#rebuilt.last === undefined || this.#isNearEnd()) this.#fetch()
  }

  #add(): void {
    const { book, last, lowestBid, highestAsk } = this.#rebuilt
    const { venue, symbol } = this.#options
    const top: BookTop = {
      ...{ venue: venue.name, symbol, timestampMicros: 0, timestampNanos: 0 },
      receivedAtMicros: this.#receivedAtMicros || nowMicros(),
      ...{ bidPrice: book.bids.bestPrice, bidSize: book.bids.bestSize },
      ...{ askPrice: book.asks.bestPrice, askSize: book.asks.bestSize },
      ...{ sequence: last!, flags: QUOTE_FLAG.derived, origin: ORIGIN.live, lowestBid, highestAsk },
    }
    this.#tops.add(top)
    if (this.#tops.full) this.#flush()
  }

  /** Beyond the snapshot's range the book may lack levels. */
  #isNearEnd(): boolean {
    const { book, lowestBid, highestAsk } = this.#rebuilt
    const { bid, ask } = this.#reference
    return (
      bid - book.bids.bestPrice > RANGE_SHARE * (bid - lowestBid) ||
      book.asks.bestPrice - ask > RANGE_SHARE * (highestAsk - ask)
    )
  }

  #fetch(): void {
    const nowMs = performance.now()
    if (this.#fetching || this.#closed || nowMs - this.#fetchedMs < SNAPSHOT_EVERY_MS) return
    this.#fetching = true
    this.#fetchedMs = nowMs
    this.#rebuilt.expectSnapshot()
    const { venue, symbol, fetchSnapshot } = this.#options
    fetchSnapshot(venue.depth.snapshotPath(symbol))
      .then(answer => this.#apply(venue.depth.readSnapshot(answer)))
      .catch((error: Error) => this.#end(`snapshot: ${error.message}`))
      .finally(() => {
        this.#fetching = false
      })
  }

  #apply(snapshot: DepthSnapshot | undefined): void {
    if (this.#closed) return
    if (!snapshot) throw new Error('not a snapshot as documented')
    this.#rebuilt.snapshot(snapshot, () => this.#add())
    const { bids, asks } = this.#rebuilt.book
    this.#reference = { bid: bids.bestPrice, ask: asks.bestPrice }
  }

  #flush(): void {
    if (this.#tops.length === 0) return
    const tops = this.#tops
    this.#tops = new BookTopColumns(TOPS_MAX)
    this.#options.append(tops)
  }

  #end(why: string): void {
    if (this.#closed) return
    this.#closed = true
    this.#options.onEnd(why)
  }
}
