import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HeldTicks } from '../../../src/sources/handover/held-ticks.ts'
import { QUOTES, TRADES } from '../../../src/tick/kinds.ts'
import { QuoteDraft } from '../../../src/tick/quotes/quotes.ts'
import { TradeDraft } from '../../../src/tick/trades.ts'

const trades = (venue: string, symbol: string, ...ids: (number | bigint)[]) => {
  const columns = TRADES.columns(ids.length)
  for (const tradeId of ids) columns.add(Object.assign(new TradeDraft(), { venue, symbol, tradeId }))
  return TRADES.encode(columns)
}
const quotes = (venue: string, symbol: string, ...sequences: number[]) => {
  const columns = QUOTES.columns(sequences.length)
  for (const sequence of sequences) columns.add(Object.assign(new QuoteDraft(), { venue, symbol, sequence }))
  return QUOTES.encode(columns)
}

test('of rising ids the first one appended and the highest, by symbol and kind', () => {
  const held = new HeldTicks()
  held.note([
    trades('binance', 'BTCUSDT', 5, 6),
    trades('binance', 'ETHUSDT', 70),
    quotes('binance', 'BTCUSDT', 900, 905),
  ])
  held.note([trades('binance', 'BTCUSDT', 7, 3, 2n ** 60n)])
  assert.deepEqual(held.of('binance', 'trades', 'BTCUSDT'), { ticks: 5, first: 5n, last: 2n ** 60n })
  assert.deepEqual(held.of('binance', 'trades', 'ETHUSDT'), { ticks: 1, first: 70n, last: 70n })
  assert.deepEqual(held.of('binance', 'quotes', 'btcusdt'), { ticks: 2, first: 900n, last: 905n })
  assert.equal(held.of('kraken', 'trades', 'BTCUSDT'), undefined)
})

test('of ids in no order the last ones; of ticks without ids only that they arrive', () => {
  const held = new HeldTicks()
  held.note([trades('hyperliquid', 'BTC', 9, 3, 9), trades('finnhub', 'AAPL', 0, 0), quotes('okx', 'X', 0)])
  assert.deepEqual(held.of('hyperliquid', 'trades', 'BTC'), { ticks: 3, recent: new Set(['9', '3']) })
  assert.deepEqual(held.of('finnhub', 'trades', 'AAPL'), { ticks: 2 })
  assert.deepEqual(held.of('okx', 'quotes', 'X'), { ticks: 1 })
  held.forget('hyperliquid', 'trades', 'BTC')
  assert.equal(held.of('hyperliquid', 'trades', 'BTC'), undefined)
})

test('records of other kinds and formats, and refused frames, state no ids', () => {
  const held = new HeldTicks()
  const record = trades('binance', 'BTCUSDT', 5)
  held.note([
    { ...record, format: 'refused' },
    { ...record, version: 99 },
    { ...record, kind: 'instruments' },
  ])
  assert.equal(held.of('binance', 'trades', 'BTCUSDT'), undefined)
})
