/** Appends rows of a venue's file to the log, as a repair does. */
import type { Log, LogRecord } from '../log/log.ts'
import type { FileRows } from '../reconcile/file-rows.ts'
import { partitionOf } from '../sources/recording/symbol-buffers.ts'
import { TRADES } from '../tick/kinds.ts'
import { tradesRecord } from '../tick/records.ts'
import type { IdRange } from '../tick/repairs/id-ranges.ts'
import { ORIGIN, TradeColumns, TradeDraft } from '../tick/trades.ts'

const RECORD_TRADES = 5_000
/** Appended together: the log syncs once for them. */
const RECORDS_MAX = 16

export class TradesAppender {
  /** Trades appended, or that would be. */
  appended = 0
  readonly #log: Log
  readonly #isDry: boolean
  readonly #partition: number
  readonly #draft = new TradeDraft()
  readonly #trades = new TradeColumns(RECORD_TRADES)
  #records: LogRecord[] = []
  /** The range of wanted ids that the last row is in or below. */
  #range: IdRange | undefined

  /** `isDry`: counts, and appends nothing. */
  constructor(log: Log, { venue, symbol }: { venue: string; symbol: string }, isDry: boolean) {
    this.#log = log
    this.#isDry = isDry
    const { first, count } = log.partitionsOf(TRADES.name)
    this.#partition = first + partitionOf(venue, symbol, count)
    Object.assign(this.#draft, { venue, symbol, origin: ORIGIN.repair })
  }

  /** Appends the rows whose ids are in `wanted`. Ids and ranges rise, from call to call too; times are µs. Throws errors of the log. */
  async add(rows: FileRows, wanted: Iterator<IdRange>): Promise<void> {
    const draft = this.#draft
    draft.receivedAtMicros = Date.now() * 1000
    for (let row = 0; row < rows.length; row++) {
      const id = rows.id[row]!
      if (!this.#isWanted(id, wanted)) continue
      draft.tradeId = id
      draft.price = rows.price[row]!
      draft.volume = rows.volume[row]!
      draft.timestampMicros = rows.time[row]!
      draft.side = rows.side[row] as TradeDraft['side']
      this.#trades.add(draft)
      if (!this.#trades.full) continue
      this.#seal()
      if (this.#records.length === RECORDS_MAX) await this.#append()
    }
  }

  /** Appends what remains. */
  async finish(): Promise<void> {
    this.#seal()
    await this.#append()
  }

  #isWanted(id: number, wanted: Iterator<IdRange>): boolean {
    this.#range ??= wanted.next().value
    while (this.#range && this.#range.last < id) this.#range = wanted.next().value
    return this.#range !== undefined && id >= this.#range.first
  }

  #seal(): void {
    if (this.#trades.length === 0) return
    this.#records.push(tradesRecord(this.#trades))
    this.#trades.clear()
  }

  async #append(): Promise<void> {
    if (this.#records.length === 0) return
    if (!this.#isDry) await this.#log.append(this.#partition, this.#records)
    this.appended += this.#records.reduce((sum, { ticks }) => sum + ticks, 0)
    this.#records = []
  }
}
