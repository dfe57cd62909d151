/** Replays into a log, for reprocessing: appends records as a recorder does; their ticks have the origin `replay`. */
import type { Log } from '../log/log.ts'
import { partitionOf } from '../sources/recording/symbol-buffers.ts'
import { QUOTES, TRADES } from '../tick/kinds.ts'
import { QuoteColumns } from '../tick/quotes/quotes.ts'
import { quotesRecord } from '../tick/quotes/record.ts'
import { type LogRecord, tradesRecord } from '../tick/records.ts'
import { ORIGIN, TradeColumns } from '../tick/trades.ts'
import type { Outlet } from './replay.ts'
import type { ReplayColumns } from './stored-ticks.ts'
import type { TickRun } from './timeline.ts'

const RECORD_TICKS_MAX = 5_000

/** Ticks of one kind for one partition, and the records to append. */
interface KindBuffer {
  partition: number
  ticks: ReplayColumns
  records: LogRecord[]
}

export class LogOutlet implements Outlet {
  readonly waitingFor = undefined
  readonly #log: Log
  readonly #trades: KindBuffers
  readonly #quotes: KindBuffers
  readonly #appendEachSend: boolean

  /**
   * `appendEachSend`: append at the end of each `send`; else cut records by size alone, which makes them reproducible.
   */
  constructor(log: Log, appendEachSend: boolean) {
    this.#log = log
    this.#appendEachSend = appendEachSend
    this.#trades = new KindBuffers(log, TRADES.name, () => new TradeColumns(RECORD_TICKS_MAX))
    this.#quotes = new KindBuffers(log, QUOTES.name, () => new QuoteColumns(RECORD_TICKS_MAX))
  }

  async ready(): Promise<void> {}

  async send(runs: readonly TickRun[]): Promise<void> {
    for (const { ticks, start, end } of runs)
      (ticks instanceof QuoteColumns ? this.#quotes : this.#trades).add(ticks, start, end)
    await this.#append(this.#appendEachSend)
  }

  async finish(): Promise<void> {
    await this.#append(true)
  }

  async #append(all: boolean): Promise<void> {
    for (const buffer of [...this.#trades.all, ...this.#quotes.all]) {
      if (all && buffer.ticks.length > 0) sealRecord(buffer)
      if (buffer.records.length === 0) continue
      await this.#log.append(buffer.partition, buffer.records)
      buffer.records = []
    }
  }
}

/** The buffers of one kind, one for each partition of it. */
class KindBuffers {
  readonly all: readonly KindBuffer[]
  readonly #bufferOf = new Map<string, KindBuffer>()

  constructor(log: Log, kind: string, columns: () => ReplayColumns) {
    const { first, count } = log.partitionsOf(kind)
    this.all = Array.from({ length: count }, (_, at) => ({ partition: first + at, ticks: columns(), records: [] }))
  }

  add(ticks: ReplayColumns, start: number, end: number): void {
    for (let row = start; row < end; ) {
      const [venue, symbol] = [ticks.venue[row], ticks.symbol[row]]
      let until = row + 1
      while (until < end && ticks.venue[until] === venue && ticks.symbol[until] === symbol) until++
      appendTo(this.#buffer(ticks.venues.words[venue!]!, ticks.symbols.words[symbol!]!), ticks, row, until)
      row = until
    }
  }

  #buffer(venue: string, symbol: string): KindBuffer {
    const name = `${venue} ${symbol}`
    let buffer = this.#bufferOf.get(name)
    if (!buffer) {
      buffer = this.all[partitionOf(venue, symbol, this.all.length)]!
      this.#bufferOf.set(name, buffer)
    }
    return buffer
  }
}

function appendTo(buffer: KindBuffer, ticks: ReplayColumns, start: number, end: number): void {
  for (let row = start; row < end; ) {
    const until = Math.min(end, row + RECORD_TICKS_MAX - buffer.ticks.length)
    // Both are of the buffer's kind.
    if (ticks instanceof QuoteColumns) (buffer.ticks as QuoteColumns).appendRange(ticks, row, until)
    else (buffer.ticks as TradeColumns).appendRange(ticks, row, until)
    if (buffer.ticks.length === RECORD_TICKS_MAX) sealRecord(buffer)
    row = until
  }
}

function sealRecord({ ticks, records }: KindBuffer): void {
  ticks.origin.fill(ORIGIN.replay, 0, ticks.length)
  records.push(ticks instanceof QuoteColumns ? quotesRecord(ticks) : tradesRecord(ticks))
  ticks.clear()
}
