import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SymbolStatus } from '../../../src/serve/page/protocol.ts'
import { orderWatchList, startsAscending } from '../../../web/src/market/watch-order.ts'

const status = (venue: string, symbol: string, figures: Partial<SymbolStatus> = {}): SymbolStatus => ({
  index: 0,
  venue,
  symbol,
  last: 100,
  reference: 100,
  decimals: 2,
  side: 0,
  ticksPerSecond: 0,
  trades: 0,
  lastAtMs: 0,
  gaps: 0,
  bid: 0,
  bidSize: 0,
  ask: 0,
  askSize: 0,
  quotesPerSecond: 0,
  quotedAtMs: 0,
  ...figures,
})

const LIST = [
  status('kraken', 'BTC/USD', { ticksPerSecond: 5, last: 110 }),
  status('binance', 'BTCUSDT', { ticksPerSecond: 50, last: 90, lastAtMs: 3 }),
  status('binance', 'ADAUSDT', { ticksPerSecond: 5, gaps: 2, lastAtMs: 9 }),
]
const names = (list: SymbolStatus[]): string[] => list.map(({ symbol }) => symbol)

test('the busiest come first, equals by name', () => {
  assert.deepEqual(names(orderWatchList(LIST, { column: 'rate', ascending: false }, '')), [
    'BTCUSDT',
    'ADAUSDT',
    'BTC/USD',
  ])
})

test('the change is compared in percent, the age from the newest', () => {
  assert.deepEqual(names(orderWatchList(LIST, { column: 'change', ascending: true }, '')), [
    'BTCUSDT',
    'ADAUSDT',
    'BTC/USD',
  ])
  assert.deepEqual(names(orderWatchList(LIST, { column: 'age', ascending: true }, '')), [
    'ADAUSDT',
    'BTCUSDT',
    'BTC/USD',
  ])
})

test('every word must occur, in symbol or venue, in any case', () => {
  const byName = { column: 'symbol', ascending: true } as const
  assert.deepEqual(names(orderWatchList(LIST, byName, 'btc BIN')), ['BTCUSDT'])
  assert.deepEqual(names(orderWatchList(LIST, byName, ' usd ')), ['ADAUSDT', 'BTC/USD', 'BTCUSDT'])
  assert.deepEqual(names(orderWatchList(LIST, byName, 'btc coinbase')), [])
})

test('spreads are sorted in basis points from the tightest, and symbols without a quote come last', () => {
  const list = [
    status('a', 'NONE'),
    status('a', 'WIDE', { bid: 1, ask: 1.01 }),
    status('a', 'TIGHT', { bid: 60_000, ask: 60_001 }),
  ]
  assert.equal(startsAscending('spread'), true)
  assert.deepEqual(names(orderWatchList(list, { column: 'spread', ascending: true }, '')), ['TIGHT', 'WIDE', 'NONE'])
})
