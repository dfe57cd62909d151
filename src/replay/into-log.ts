/** Replays into a log, for reprocessing: appends records as a recorder does; their ticks have the origin `replay`. */
import type { Log } from '../log/log.ts'
import { partitionOf } from '../sources/recorder.ts'
import { type LogRecord, tradesRecord } from '../tick/records.ts'
import { ORIGIN, TradeColumns } from '../tick/trades.ts'
import type { Outlet } from './replay.ts'

const RECORD_TICKS_MAX = 5_000

interface PartitionBuffer {
  partition: number
  trades: TradeColumns
  records: LogRecord[]
}

export class LogOutlet implements Outlet {
  readonly waitingFor = undefined
  readonly #log: Log
  readonly #buffers: PartitionBuffer[]
  readonly #bufferOf = new Map<string, PartitionBuffer>()
  readonly #appendEachSend: boolean

  /**
   * `appendEachSend`: append at the end of each `send`; else cut records by size alone, which makes them reproducible.
   */
  constructor(log: Log, appendEachSend: boolean) {
    this.#log = log
    this.#appendEachSend = appendEachSend
    this.#buffers = Array.from({ length: log.partitions }, (_, partition) => ({
      partition,
      trades: new TradeColumns(RECORD_TICKS_MAX),
      records: [],
    }))
  }

  async ready(): Promise<void> {}

  async send(trades: TradeColumns, start: number, end: number): Promise<void> {
    for (let row = start; row < end; ) {
      const [venue, symbol] = [trades.venue[row], trades.symbol[row]]
      let until = row + 1
      while (until < end && trades.venue[until] === venue && trades.symbol[until] === symbol) until++
      this.#add(this.#buffer(trades.venues.words[venue!]!, trades.symbols.words[symbol!]!), trades, row, until)
      row = until
    }
    await this.#append(this.#appendEachSend)
  }

  async finish(): Promise<void> {
    await this.#append(true)
  }

  #buffer(venue: string, symbol: string): PartitionBuffer {
    const name = `${venue} ${symbol}`
    let buffer = this.#bufferOf.get(name)
    if (!buffer) {
      buffer = this.#buffers[partitionOf(venue, symbol, this.#buffers.length)]!
      this.#bufferOf.set(name, buffer)
    }
    return buffer
  }

  #add(buffer: PartitionBuffer, trades: TradeColumns, start: number, end: number): void {
    for (let row = start; row < end; ) {
      const until = Math.min(end, row + RECORD_TICKS_MAX - buffer.trades.length)
      buffer.trades.appendRange(trades, row, until)
      if (buffer.trades.length === RECORD_TICKS_MAX) sealRecord(buffer)
      row = until
    }
  }

  async #append(all: boolean): Promise<void> {
    for (const buffer of this.#buffers) {
      if (all && buffer.trades.length > 0) sealRecord(buffer)
      if (buffer.records.length === 0) continue
      await this.#log.append(buffer.partition, buffer.records)
      buffer.records = []
    }
  }
}

function sealRecord(buffer: PartitionBuffer): void {
  buffer.trades.origin.fill(ORIGIN.replay, 0, buffer.trades.length)
  buffer.records.push(tradesRecord(buffer.trades))
  buffer.trades.clear()
}
