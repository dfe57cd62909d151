import { AmendmentColumns } from '../../tick/amendments/amendments.ts'
import { LiquidationColumns } from '../../tick/derivatives/liquidations.ts'
import { MarkColumns } from '../../tick/derivatives/marks.ts'
import { AMENDMENTS, LIQUIDATIONS, MARKS, REPAIRS } from '../../tick/kinds.ts'
import { QuoteColumns } from '../../tick/quotes/quotes.ts'
import { quotesRecord } from '../../tick/quotes/record.ts'
import { type LogRecord, type RefusedFrame, refusedRecord, tradesRecord } from '../../tick/records.ts'
import { RepairColumns } from '../../tick/repairs/repairs.ts'
import { TradeColumns } from '../../tick/trades.ts'

/** The most ticks of one kind in a record. */
export const RECORD_TICKS_MAX = 5_000

/** What was received of one log partition, its records to append, and the append in flight. */
export class PartitionBuffer {
  readonly partition: number
  readonly trades = new TradeColumns(RECORD_TICKS_MAX)
  readonly quotes = new QuoteColumns(RECORD_TICKS_MAX)
  readonly amendments = new AmendmentColumns(0)
  readonly marks = new MarkColumns(0)
  readonly liquidations = new LiquidationColumns(0)
  readonly repairs = new RepairColumns(0)
  refused: RefusedFrame[] = []
  refusedLength = 0
  /** Records to append, and when each was closed, by `performance.now`. */
  waiting: LogRecord[] = []
  closedMs: number[] = []
  appending: Promise<void> | undefined

  constructor(partition: number) {
    this.partition = partition
  }

  /** What was received, as records: then it is empty. */
  take(): LogRecord[] {
    const { trades, quotes, amendments, marks, liquidations, repairs, refused } = this
    const records: LogRecord[] = []
    if (trades.length > 0) records.push(tradesRecord(trades))
    if (quotes.length > 0) records.push(quotesRecord(quotes))
    if (amendments.length > 0) records.push(AMENDMENTS.encode(amendments))
    if (marks.length > 0) records.push(MARKS.encode(marks))
    if (liquidations.length > 0) records.push(LIQUIDATIONS.encode(liquidations))
    if (repairs.length > 0) records.push(REPAIRS.encode(repairs))
    if (refused.length > 0) records.push(refusedRecord(refused))
    trades.clear()
    quotes.clear()
    amendments.clear()
    marks.clear()
    liquidations.clear()
    repairs.clear()
    this.refused = []
    this.refusedLength = 0
    return records
  }
}
