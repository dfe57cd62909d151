/** Over a market whose quotes and trades are known: each number is what it was made of. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { calibrate, HORIZONS } from '../../../src/lab/calibration/calibrate.ts'
import { QuoteColumns, QuoteDraft } from '../../../src/tick/quotes/quotes.ts'
import { quotesRecord } from '../../../src/tick/quotes/record.ts'
import { tradesRecord } from '../../../src/tick/records.ts'
import { SIDE, TradeColumns, TradeDraft } from '../../../src/tick/trades.ts'
import { openBoth } from '../../support/data/storage.ts'
import { storeAll } from '../../support/data/storing.ts'

/** Half past ten of a day. */
const START_MICROS = Date.UTC(2026, 10, 22, 10, 30) * 1000

const named = (atSeconds: number) => {
  const micros = START_MICROS + atSeconds * 1e6
  return { venue: 'simulator', symbol: 'BTC', receivedAtMicros: micros, timestampMicros: micros }
}

function quotes(all: readonly (readonly [atSeconds: number, bid: number, ask: number, size: number])[]) {
  const columns = new QuoteColumns(all.length)
  for (const [at, [seconds, bidPrice, askPrice, size]] of all.entries())
    columns.add(
      Object.assign(new QuoteDraft(), named(seconds), {
        bidPrice,
        askPrice,
        bidSize: size,
        askSize: size,
        sequence: at + 1,
      }),
    )
  return quotesRecord(columns)
}

function trades(all: readonly (readonly [atSeconds: number, price: number, volume: number, side: 'buy' | 'sell'])[]) {
  const columns = new TradeColumns(all.length)
  for (const [at, [seconds, price, volume, side]] of all.entries())
    columns.add(Object.assign(new TradeDraft(), named(seconds), { price, volume, side: SIDE[side], tradeId: at + 1 }))
  return tradesRecord(columns)
}

const near = (value: number, expected: number) =>
  assert.ok(Math.abs(value - expected) <= Math.abs(expected) * 1e-9, `${value}, not ${expected}`)

test('half spread and money at the top are means over time, markouts of takers are means by money', async t => {
  const { log, store } = await openBoth(t)
  await log.append(0, [
    // A middle of 100 for 10 s, then of 101 for 30 s, then of 99 until the end.
    quotes([
      [0, 99, 101, 1],
      [10, 100, 102, 3],
      [40, 98.5, 99.5, 2],
      [50, 98.5, 99.5, 2],
    ]),
    trades([
      [9.5, 101, 1, 'buy'],
      [9.5, 99, 3, 'sell'],
      [45, 99.5, 1, 'buy'],
    ]),
  ])
  await storeAll(log, store)
  const from = BigInt(START_MICROS) * 1000n
  const rows = await calibrate(
    (query, format) => store.untrusted(query, format),
    'simulator:BTC',
    from,
    from + 3_600_000_000_000n,
  )
  assert.deepEqual(
    rows.map(({ hour, quotes: count }) => [hour, count]),
    [
      [-1, 4],
      [10, 4],
    ],
  )
  for (const { halfSpread, topMoney, tradeCount: count, markouts } of rows) {
    near(halfSpread, (10 * 100 + 30 * (1e4 / 101) + 10 * (5_000 / 99)) / 50)
    near(topMoney, (10 * 100 + 30 * 303 + 10 * 198) / 50)
    assert.equal(count, 3)
    const after = (middle: number) => (101 * (middle / 101 - 1) * 1e4 - 297 * (middle / 99 - 1) * 1e4) / (101 + 297)
    // Of the trade at 45 s the middle after 1 s and after 5 s is known, at the last quote.
    const late = 99.5 * (99 / 99.5 - 1) * 1e4
    near(markouts[0]!, (after(101) * 398 + late) / (398 + 99.5))
    near(markouts[1]!, (after(101) * 398 + late) / (398 + 99.5))
    near(markouts[2]!, after(101))
    assert.ok(Number.isNaN(markouts[HORIZONS.indexOf(300)]!), 'nothing is known so late')
  }
})

test('the end of a day is no end: a markout reaches into the next one, and days add up', async t => {
  const { log, store } = await openBoth(t)
  const midnight = 13.5 * 3_600
  await log.append(0, [
    quotes([
      [midnight - 2, 99, 101, 1],
      [midnight + 2, 199, 201, 1],
      [midnight + 10, 199, 201, 1],
    ]),
    trades([
      [midnight - 1, 101, 1, 'buy'],
      [midnight + 1, 101, 1, 'buy'],
    ]),
  ])
  await storeAll(log, store)
  const from = BigInt(START_MICROS) * 1000n
  const rows = await calibrate(
    (query, format) => store.untrusted(query, format),
    'simulator:BTC',
    from,
    from + 86_400_000_000_000n,
  )
  assert.deepEqual(
    rows.map(({ hour, tradeCount: count }) => [hour, count]),
    [
      [-1, 2],
      [0, 1],
      [23, 1],
    ],
  )
  near(rows[2]!.markouts[1]!, (200 / 101 - 1) * 1e4)
})
