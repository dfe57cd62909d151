/** Which ids of a file are stored, in a real store. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FileTimes } from '../../src/backfill/file-times.ts'
import { missingIds } from '../../src/backfill/missing.ts'
import { FileRows } from '../../src/reconcile/file-rows.ts'
import { StoredTrades } from '../../src/reconcile/stored.ts'
import { ORIGIN } from '../../src/tick/trades.ts'
import { openBoth } from '../support/data/storage.ts'
import { storeAll } from '../support/data/storing.ts'
import { tradesOf } from '../support/data/trades.ts'

const DAY = '2026-11-22'
const HOUR_MICROS = 3_600_000_000
const START = Date.parse(DAY) * 1000
const ids = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, at) => first + at)
const trade = (tradeId: number) => ({ symbol: 'BTCUSDT', tradeId, price: 2, volume: 1, side: 'buy' as const })

test('ids that only another run of the day has are missing', async t => {
  const { log, store } = await openBoth(t)
  const earlier = ({ tradeId }: { tradeId: number }) => START + HOUR_MICROS + tradeId * 1_000_000
  const later = ({ tradeId }: { tradeId: number }) => START + 10 * HOUR_MICROS + tradeId * 1_000_000
  // The venue restarts its numbering at 10:00; the recorder misses some of the trades after.
  await log.append(0, [tradesOf('binance', ids(1_000, 1_999).map(trade), ORIGIN.live, earlier)])
  const recorded = [...ids(1, 699), ...ids(800, 1_199), ...ids(1_301, 1_500)]
  await log.append(0, [tradesOf('binance', recorded.map(trade), ORIGIN.live, later)])
  await storeAll(log, store)
  const rows = new FileRows()
  rows.length = 1_500
  rows.id.set(ids(1, 1_500))
  rows.time.set(ids(1, 1_500).map(tradeId => later({ tradeId })))
  const times = new FileTimes()
  times.add(rows)
  const stored = new StoredTrades((query, format) => store.untrusted(query, format), {
    ...{ venue: 'binance', symbol: 'BTCUSDT', day: DAY },
  })
  assert.deepEqual(await missingIds(stored, { first: 1, last: 1_500 }, times), [
    { first: 700, last: 799 },
    { first: 1_200, last: 1_300 },
  ])
})
