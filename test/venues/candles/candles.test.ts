/** Candles in the venues' documented shapes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { binanceCandles } from '../../../src/venues/candles/binance.ts'
import { krakenCandles } from '../../../src/venues/candles/kraken.ts'

const answer = (body: unknown, status = 200) => ({ status, headers: {}, body: JSON.stringify(body) })
const ROW = [
  ...[1499040000000, '0.01634790', '0.80000000', '0.01575800', '0.01577100', '148976.11427815', 1499040059999],
  ...['2434.19055334', 308, '1756.87402397', '28.46694368', '0'],
]

test("Binance's candles keep their decimals as written", () => {
  assert.deepEqual(binanceCandles.read(answer([ROW])), {
    kind: 'minutes',
    minutes: [
      {
        ...{ startMs: 1_499_040_000_000, trades: 308, volume: '148976.11427815', quoteVolume: '2434.19055334' },
        ...{ takerBuyVolume: '1756.87402397', takerBuyQuoteVolume: '28.46694368' },
      },
    ],
  })
  const { path, weight } = binanceCandles.request('BTCUSDT', 1_499_040_000_000, 1_000)
  assert.equal(
    path,
    '/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=1499040000000&endTime=1499099999999&limit=1000',
  )
  assert.equal(weight, 2)
})

test("Kraken's candles state count and volume; the last one is not over", () => {
  const rows = [
    [1688671200, '30306.1', '30306.2', '30305.7', '30305.7', '30306.1', '3.39243896', 23],
    [1688671260, '30304.5', '30304.5', '30300.0', '30300.0', '30300.0', '4.42996871', 18],
  ]
  const read = krakenCandles.read(answer({ error: [], result: { XXBTZUSD: rows, last: 1688671200 } }))
  const none = { quoteVolume: null, takerBuyVolume: null, takerBuyQuoteVolume: null }
  assert.deepEqual(read, {
    kind: 'minutes',
    minutes: [{ startMs: 1_688_671_200_000, trades: 23, volume: '3.39243896', ...none }],
  })
  assert.equal(
    krakenCandles.request('BTC/USD', 1_688_671_200_000, 720).path,
    '/0/public/OHLC?pair=XBTUSD&interval=1&since=1688671199',
  )
})

test('what does not match the document is requested again; an unknown symbol is not', () => {
  for (const bad of [{}, [[]], [ROW.with(5, 148976.1)], [ROW.with(8, '308')], [ROW.with(0, 1499040000001)], 'x'])
    assert.equal(binanceCandles.read(answer(bad)).kind, 'wait', JSON.stringify(bad))
  assert.equal(binanceCandles.read({ status: 200, headers: {}, body: '<html>' }).kind, 'wait')
  assert.equal(binanceCandles.read(answer({ code: -1121, msg: 'Invalid symbol.' }, 400)).kind, 'cannot')
  assert.equal(krakenCandles.read(answer({ error: ['EQuery:Unknown asset pair'] })).kind, 'cannot')
  assert.equal(krakenCandles.read(answer({ error: ['EAPI:Rate limit exceeded'] })).kind, 'wait')
  assert.equal(krakenCandles.read(answer({ error: [], result: {} })).kind, 'wait')
})
