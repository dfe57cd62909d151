/** Rows that come to a fixture's log and store later: of each kind that is about trades from before. */
import type { LogRecord } from '../../../src/log/log.ts'
import { AmendmentColumns } from '../../../src/tick/amendments/amendments.ts'
import { AMENDMENTS, REPAIRS } from '../../../src/tick/kinds.ts'
import { RepairColumns } from '../../../src/tick/repairs/repairs.ts'
import { ORIGIN, type Origin } from '../../../src/tick/trades.ts'
import type { ArchiveFixture } from './archiving.ts'
import { storeAll } from './storing.ts'
import { tradesOf } from './trades.ts'

/** What repairs, amendments and acceptances change, in the views, since days may have left the tables. */
export const LATER_QUERIES = [
  'SELECT * FROM all_trades ORDER BY log_partition, log_offset, log_index',
  'SELECT * EXCEPT amended_at FROM trades_final ORDER BY ALL',
  'SELECT * FROM all_amendments ORDER BY ALL',
  'SELECT * FROM all_repairs ORDER BY ALL',
]

type Both = Pick<ArchiveFixture, 'log' | 'store'>

/** Two days ahead: trades of days that were dropped count as repeats. */
const LATER_MICROS = (Date.now() + 2 * 86_400_000) * 1000

const tradesFor = (symbol: string, ids: readonly number[]) =>
  ids.map(tradeId => ({ symbol, tradeId, price: tradeId / 7, volume: 0.123456789, side: 'buy' as const }))

async function append({ log, store }: Both, record: LogRecord): Promise<void> {
  await log.append(0, [record])
  await storeAll(log, store)
}

/** Trades with these ids, all of one time. */
export async function tradeLater(both: Both, symbol: string, ids: readonly number[], origin: Origin = ORIGIN.live) {
  await append(
    both,
    tradesOf('binance', tradesFor(symbol, ids), origin, () => LATER_MICROS),
  )
}

/** Missing trades of `makeMixedLog`, supplied later. */
export async function repairLater(both: Both, symbol: string, ids: readonly number[]): Promise<void> {
  await append(both, tradesOf('binance', tradesFor(symbol, ids), ORIGIN.repair))
}

/** A correction of a trade of `tradeLater`, or its cancel. */
export async function amendLater(both: Both, symbol: string, tradeId: number, newPrice: number | null) {
  const columns = new AmendmentColumns(1)
  columns.add({
    ...{ venue: 'binance', symbol, exchange: 'D', tradeId, price: 1, volume: 1, conditions: '', newConditions: '' },
    ...{ action: newPrice === null ? 'cancel' : 'correction', newPrice: newPrice ?? 0 },
    ...{ newTradeId: newPrice === null ? 0 : tradeId, newVolume: newPrice === null ? 0 : 1 },
    ...{ timestampMicros: LATER_MICROS, timestampNanos: 0, receivedAtMicros: LATER_MICROS },
  })
  await append(both, AMENDMENTS.encode(columns))
}

/** A person's acceptance of ids that are missing. */
export async function acceptLater(both: Both, symbol: string, first: number, last: number): Promise<void> {
  const columns = new RepairColumns(1)
  columns.add({
    ...{ venue: 'binance', symbol, outcome: 'accepted', first, last, run: 0, reason: 'maintenance', acceptedBy: 'Ada' },
    ...{ httpStatus: 0, bodySha256: '', receivedAtMicros: Date.now() * 1000 },
  })
  await append(both, REPAIRS.encode(columns))
}

/** Trades of a venue that is not known: all of them are refused. */
export async function refuseLater(both: Both, symbol: string, ids: readonly number[]): Promise<void> {
  await append(both, tradesOf('acme', tradesFor(symbol, ids)))
}
