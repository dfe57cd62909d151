/** Replays into a log, for reprocessing: records as a recorder writes them, their ticks of origin `replay`. */
import type { Log } from '../log/log.ts'
import { partitionOf } from '../sources/recorder.ts'
import { type LogRecord, tradesRecord } from '../tick/records.ts'
import { ORIGIN, TradeColumns } from '../tick/trades.ts'
import type { Outlet } from './replay.ts'

const RECORD_TICKS_MAX = 5_000

interface Lane {
  partition: number
  trades: TradeColumns
  records: LogRecord[]
}

export class LogOutlet implements Outlet {
  readonly awaits = undefined
  readonly #log: Log
  readonly #lanes: Lane[]
  readonly #laneOf = new Map<string, Lane>()
  readonly #atOnce: boolean

  /** `atOnce`: each turn's ticks are appended in that turn; else records are cut by their size alone, the same each time. */
  constructor(log: Log, atOnce: boolean) {
    this.#log = log
    this.#atOnce = atOnce
    this.#lanes = Array.from({ length: log.partitions }, (_, partition) => ({
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
      this.#add(this.#lane(trades.venues.words[venue!]!, trades.symbols.words[symbol!]!), trades, row, until)
      row = until
    }
    await this.#append(this.#atOnce)
  }

  async finish(): Promise<void> {
    await this.#append(true)
  }

  #lane(venue: string, symbol: string): Lane {
    const name = `${venue} ${symbol}`
    let lane = this.#laneOf.get(name)
    if (!lane) {
      lane = this.#lanes[partitionOf(venue, symbol, this.#lanes.length)]!
      this.#laneOf.set(name, lane)
    }
    return lane
  }

  #add(lane: Lane, trades: TradeColumns, start: number, end: number): void {
    for (let row = start; row < end; ) {
      const until = Math.min(end, row + RECORD_TICKS_MAX - lane.trades.length)
      lane.trades.appendRange(trades, row, until)
      if (lane.trades.length === RECORD_TICKS_MAX) cut(lane)
      row = until
    }
  }

  async #append(all: boolean): Promise<void> {
    for (const lane of this.#lanes) {
      if (all && lane.trades.length > 0) cut(lane)
      if (lane.records.length === 0) continue
      await this.#log.append(lane.partition, lane.records)
      lane.records = []
    }
  }
}

function cut(lane: Lane): void {
  lane.trades.origin.fill(ORIGIN.replay, 0, lane.trades.length)
  lane.records.push(tradesRecord(lane.trades))
  lane.trades.clear()
}
