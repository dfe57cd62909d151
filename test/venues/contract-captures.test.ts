/**
 * Recorded sessions of contracts (perpetuals, futures) and quotes of several venues, compared with another project's
 * reading of the same frames, as captures.test.ts does for spot trades. Where the two could differ the venue's document
 * decides, and the test states it.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { binanceCoinm, binanceUsdm } from '../../src/venues/binance-futures/decode.ts'
import { bitfinex } from '../../src/venues/bitfinex/decode.ts'
import { bybitLinear } from '../../src/venues/bybit/decode.ts'
import { okx } from '../../src/venues/okx/decode.ts'
import {
  capturedTickers,
  capturedTrades,
  captureFrames,
  singleFrames,
  skipWithoutData,
} from '../support/data/recorded-data.ts'
import { decoded } from '../support/judges/collecting-sink.ts'

for (const [feed, venue, trades, quotes] of [
  ['BINANCE_FUTURES', binanceUsdm, 49, 303],
  ['BINANCE_DELIVERY', binanceCoinm, 31, 1115],
] as const)
  test(`${feed}: the same trades and quotes, field by field`, { skip: skipWithoutData }, () => {
    const frames = captureFrames(feed)
    const decode = venue.decoder()
    const sinks = frames.map(frame => decoded(decode, frame))
    assert.ok(sinks.every(sink => sink.calls === 1 && sink.refusals.length === 0))
    const raw = frames.map(frame => JSON.parse(frame).data).filter(({ e }) => e === 'aggTrade')
    const theirs = capturedTrades(feed).map(({ venue_symbol: symbol, timestamp, price, amount, side, id }, at) => ({
      ...{ symbol, micros: Math.round(timestamp * 1e6), nanos: 0, price: Number(price), volume: Number(amount), side },
      ...{ tradeId: Number(id), joined: [raw[at].f, raw[at].l] },
    }))
    assert.equal(theirs.length, trades)
    assert.deepEqual(
      sinks.flatMap(sink => sink.trades),
      theirs,
    )
    // Theirs have the time of the event; the venue's document states the one of the matching engine beside it.
    const events = frames.map(frame => JSON.parse(frame).data).filter(({ e }) => e === 'bookTicker')
    const tops = capturedTickers(feed).map(({ venue_symbol: symbol, bid, ask, timestamp }, at) => {
      const { E, T, B, A, u } = events[at]
      assert.equal(E, Math.round(timestamp * 1000))
      const sides = { bid: [Number(bid), Number(B)], ask: [Number(ask), Number(A)] }
      return { symbol, micros: T * 1000, nanos: 0, ...sides, sequence: u, flags: 0 }
    })
    assert.equal(tops.length, quotes)
    assert.deepEqual(
      sinks.flatMap(sink => sink.quotes),
      tops,
    )
  })

test('BITFINEX: the same trades, field by field: all are of the lists that each channel begins with', {
  skip: skipWithoutData,
}, () => {
  const decode = bitfinex.decoder()
  const sinks = captureFrames('BITFINEX').map(frame => decoded(decode, frame))
  assert.ok(sinks.every(sink => sink.calls >= 1 && sink.refusals.length === 0))
  const theirs = capturedTrades('BITFINEX').map(({ venue_symbol: symbol, timestamp, price, amount, side, id }) => ({
    ...{ symbol, micros: Math.round(timestamp * 1e6), nanos: 0, price: Number(price), volume: Number(amount), side },
    tradeId: Number(id),
  }))
  assert.equal(theirs.length, 210)
  // Theirs are in the order of the lists, newest first.
  const byId = (a: { tradeId: number | bigint }, b: { tradeId: number | bigint }) =>
    Number(a.tradeId) - Number(b.tradeId)
  const ours = sinks.flatMap(sink => sink.trades)
  assert.deepEqual(ours.toSorted(byId), theirs.toSorted(byId))
})

test('BITFINEX: the end of a subscription names the channel by its number on that socket', () => {
  const decode = bitfinex.decoder()
  const [trades, quotes] = bitfinex.unsubscribe(['tBTCUSD'], ['trades', 'quotes'])
  assert.equal(decode.addressed!(trades!), trades)
  decoded(decode, '{"event":"subscribed","channel":"trades","chanId":89,"symbol":"tBTCUSD"}')
  decoded(decode, '{"event":"subscribed","channel":"book","len":"1","chanId":90,"symbol":"tBTCUSD"}')
  assert.equal(decode.addressed!(trades!), '{"event":"unsubscribe","chanId":89}')
  assert.equal(decode.addressed!(quotes!), '{"event":"unsubscribe","chanId":90}')
  for (const frame of bitfinex.subscribe(['tBTCUSD'], ['trades'])) assert.equal(decode.addressed!(frame), frame)
})

test('BITFINEX: a refused trade is kept with its symbol and its digits, and can be decoded again', () => {
  const decode = bitfinex.decoder()
  decoded(decode, '{"event":"subscribed","channel":"trades","chanId":89,"symbol":"tBTCUSD"}')
  const sink = decoded(decode, '[89,[[5,1564617600709,1.00000000000000001,10088],[4,1564617600709,"x",1]]]')
  assert.deepEqual(
    sink.trades.map(({ tradeId }) => tradeId),
    [5],
  )
  const raw = sink.refusals[0]!.raw!
  assert.equal(raw, '{"channel":"trades","symbol":"tBTCUSD","data":[4,1564617600709,"x",1]}')
  const mended = decoded(bitfinex.decoder(), raw.replace('"x"', '-2.00000000000000001'))
  assert.deepEqual(
    mended.trades.map(({ symbol, side, volume }) => [symbol, side, volume]),
    [['tBTCUSD', 'sell', 2]],
  )
  assert.equal(mended.impreciseValues, 1)
})

describe('recorded sessions of contracts', { skip: skipWithoutData }, () => {
  test('BYBIT: the same trades of perpetuals, field by field, with hashes of their UUIDs', () => {
    const decode = bybitLinear.decoder()
    const sinks = captureFrames('BYBIT', 'captures-2026', '2').map(frame => decoded(decode, frame))
    const ours = sinks.flatMap(sink => sink.trades)
    const theirs = capturedTrades('BYBIT', 'captures-2026').filter(trade => trade.symbol.endsWith('-PERP'))
    assert.equal(theirs.length, 140)
    assert.deepEqual(
      ours,
      theirs.map(({ venue_symbol: symbol, timestamp, price, amount, side, id }) => {
        const [high, low] = [id.replaceAll('-', '').slice(0, 16), id.replaceAll('-', '').slice(16)]
        return {
          ...{
            symbol,
            micros: Math.round(timestamp * 1e6),
            nanos: 0,
            price: Number(price),
            volume: Number(amount),
            side,
          },
          tradeId: BigInt(`0x${high}`) ^ BigInt(`0x${low}`),
        }
      }),
    )
    assert.equal(new Set(ours.map(({ tradeId }) => tradeId)).size, 140)
    assert.ok(sinks.every(sink => sink.calls >= 1 && sink.refusals.length === 0))
  })

  test('BYBIT: frames of `orderbook.1` of 2023 lack the time of the matching engine, or are differences: refused', () => {
    const decode = bybitLinear.decoder()
    const refusals = singleFrames('bybit', 'orderbook.1').map(frame => decoded(decode, frame).refusals)
    assert.deepEqual(
      refusals.map(([one]) => [one?.reason, one?.detail]),
      [
        ['unknown_message', 'orderbook.1 of type "delta"'],
        ['rejected_value', 'time'],
        ['unknown_message', 'orderbook.1 of type "delta"'],
        ['rejected_value', 'time'],
      ],
    )
  })

  test('OKX: single frames of `bbo-tbt`, of spot, swaps and futures, in which sizes are contracts', () => {
    const sinks = singleFrames('okx', 'bbo-tbt').map(frame => decoded(okx.decoder(), frame))
    assert.deepEqual(
      sinks.map(({ quotes: [quote], calls }) => [quote?.symbol, quote?.bid, quote?.ask, quote?.micros, calls]),
      [
        ['BTC-USDT', [31_774.6, 0.3392211], [31_774.7, 0.14368878], 1_654_032_991_947_000, 1],
        ['BTC-USD-SWAP', [19_918.9, 34], [19_920, 3], 1_656_633_600_013_000, 1],
        ['BTC-USDT-SWAP', [38_632.3, 990], [38_632.4, 727], 1_651_761_120_004_000, 1],
        ['BTC-USDT-SWAP', [20_386.7, 50], [20_386.8, 7], 1_656_642_503_092_000, 1],
        ['BTC-USD-220624', [31_769.8, 38], [31_769.9, 15], 1_654_033_096_078_000, 1],
      ],
    )
  })

  test('OKX: a refused quote is kept with its symbol, alone, and can be decoded again', () => {
    const [frame] = singleFrames('okx', 'bbo-tbt')
    const two = frame!.replace('"data":[', '"data":[{"asks":[["1","x"]],"bids":[["1","2"]],"ts":"1654032991946"},')
    const sink = decoded(okx.decoder(), two)
    assert.equal(sink.quotes.length, 1)
    const [refused] = sink.refusals
    assert.equal(
      refused?.raw,
      '{"arg":{"channel":"bbo-tbt","instId":"BTC-USDT"},"data":[{"asks":[["1","x"]],"bids":[["1","2"]],"ts":"1654032991946"}]}',
    )
    const mended = decoded(okx.decoder(), okx.frameOf!(refused.raw.replace('"x"', '"3"')))
    assert.deepEqual([mended.quotes[0]?.symbol, mended.quotes[0]?.ask], ['BTC-USDT', [1, 3]])
  })

  test('OKX: trades of contracts are read from the same channel, their volume in contracts', () => {
    const frames = singleFrames('okx', 'trades').map(frame => frame.replace('"trades"', '"trades-all"'))
    const trades = frames.flatMap(frame => decoded(okx.decoder(), frame).trades)
    assert.deepEqual(
      trades.map(({ symbol, volume, tradeId }) => `${symbol} ${volume} ${tradeId}`),
      [
        'BTC-USDT 0.00373695 314161276',
        'BTC-USD-220325 1 18928717',
        'BTC-USD-211224-56000-C 1 376',
        'FIL-USD-220325 11 1271987',
        'BTC-USD-SWAP 1 173543957',
        'BTC-USDT-SWAP 5 148266905',
        'BTC-USDT-SWAP 7 219066264',
      ],
    )
  })
})
