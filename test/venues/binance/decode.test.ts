import assert from 'node:assert/strict'
import { test } from 'node:test'
import { binance, decodeAny } from '../../../src/venues/binance/decode.ts'
import { binanceSession, binanceTruth, skipWithoutData } from '../../support/data/recorded-data.ts'
import { type CollectingSink, decoded } from '../../support/judges/collecting-sink.ts'

/** A trade's frame, as the venue's document shows it, with other values. */
function frame(changes: Record<string, unknown> = {}): string {
  const trade = {
    e: 'trade',
    E: 1672515782136,
    s: 'BNBBTC',
    t: 12345,
    p: '0.001',
    q: '100',
    T: 1672515782130,
    m: true,
    M: true,
  }
  return JSON.stringify({ stream: 'bnbbtc@trade', data: { ...trade, ...changes } })
}

/** Both ways of decoding, which must agree. */
function read(text: string): CollectingSink {
  const usual = decoded(binance.decoder(), text)
  assert.deepEqual(usual, decoded(decodeAny, text))
  return usual
}

test('the document’s example is one trade, the taker sells when the buyer is the maker', () => {
  const expected = {
    symbol: 'BNBBTC',
    micros: 1672515782130000,
    nanos: 0,
    price: 0.001,
    volume: 100,
    side: 'sell',
    tradeId: 12345,
  }
  assert.deepEqual(read(frame()).trades, [expected])
  assert.deepEqual(read(frame({ m: false })).trades, [{ ...expected, side: 'buy' }])
})

test('a frame without the stream’s envelope is the same trade', () => {
  const plain = JSON.stringify(JSON.parse(frame()).data)
  assert.deepEqual(read(plain), read(frame()))
})

test('a time of 16 digits is microseconds, one of 13 milliseconds, any other is refused', () => {
  assert.equal(read(frame({ T: 1672515782130456 })).trades[0]?.micros, 1672515782130456)
  for (const T of [1672515782, 16725157821304567n, -1, 1.5, '1672515782130', null]) {
    const text = frame({ T: 'T' }).replace('"T":"T"', `"T":${typeof T === 'bigint' ? T : JSON.stringify(T)}`)
    assert.equal(read(text).refusals[0]?.reason, 'rejected_value', String(T))
  }
})

test('an id beyond 2^53 keeps every digit', () => {
  const text = frame({ t: 0 }).replace('"t":0', '"t":9007199254740993')
  assert.equal(read(text).trades[0]?.tradeId, 9007199254740993n)
})

for (const value of [
  '',
  'abc',
  '0x10',
  ' 1',
  '1 ',
  'NaN',
  'Infinity',
  '1e5',
  '+1',
  '.5',
  '5.',
  '1.2.3',
  '1,000',
  1,
  null,
  undefined,
  true,
  [],
]) {
  test(`the price ${JSON.stringify(value)} is no decimal in quotes: refused`, () => {
    const { trades, refusals } = read(frame({ p: value }))
    assert.equal(trades.length, 0)
    assert.deepEqual(
      refusals.map(({ reason }) => reason),
      ['rejected_value'],
    )
    assert.match(refusals[0]!.detail, /price/)
  })
}

test('a decimal of more than 15 significant digits is taken and counted as imprecise', () => {
  assert.equal(read(frame({ p: '1234567890.123456' })).impreciseValues, 1)
  assert.equal(read(frame({ p: '100000000.00000000' })).impreciseValues, 0)
  assert.equal(read(frame({ p: '0.00000000123456789012345' })).impreciseValues, 0)
})

test('messages about the connection become controls', () => {
  assert.equal(read('{"e":"serverShutdown","E":1770123456789}').controls[0]?.kind, 'closing')
  assert.equal(read('{"stream":"x","data":{"e":"serverShutdown","E":1}}').controls[0]?.kind, 'closing')
  assert.equal(read('{"result":null,"id":1}').controls[0]?.kind, 'subscribed')
  assert.equal(read('{"error":{"code":2,"msg":"Invalid request"},"id":1}').controls[0]?.kind, 'rejected')
  assert.equal(read('{"code":-1003,"msg":"Too many requests"}').controls[0]?.kind, 'rate_limited')
})

test('other streams are known and passed over; what is not known is refused', () => {
  for (const event of ['aggTrade', 'depthUpdate', '24hrTicker']) {
    assert.equal(read(`{"stream":"s","data":{"e":"${event}"}}`).ignored, 1)
  }
  assert.equal(read('{"stream":"s","data":{"e":"surprise"}}').refusals[0]?.reason, 'unknown_message')
  for (const text of ['', 'null', '[]', '"x"', '7', '{"stream":"s","data":[]}', frame().slice(0, -1)]) {
    assert.equal(read(text).refusals[0]?.reason, 'malformed_frame', text)
  }
})

test('the URL subscribes to the raw trades of each symbol, in microseconds', () => {
  assert.equal(
    binance.url('wss://host', ['BTCUSDT', 'ethusdt'], ['trades']),
    'wss://host/stream?streams=btcusdt@trade/ethusdt@trade&timeUnit=MICROSECOND',
  )
})

for (const symbol of ['btcusdt', 'ethusdt'] as const) {
  test(`the recorded ${symbol} session gives the trades a separate script counted`, { skip: skipWithoutData }, () => {
    const truth = binanceTruth(symbol)
    const oracle = truth.trade_oracle
    const sinks = binanceSession(symbol).map(frame => decoded(binance.decoder(), frame))
    const trades = sinks.flatMap(sink => sink.trades)
    assert.deepEqual(
      trades.map(({ tradeId }) => tradeId),
      Array.from({ length: oracle.count }, (_, i) => oracle.first_id + i),
    )
    assert.equal(trades.filter(({ side }) => side === 'buy').length, oracle['buys(taker)'])
    assert.equal(trades.filter(({ side }) => side === 'sell').length, oracle.sells)
    const hundredMillionths = trades.reduce((sum, { volume }) => sum + BigInt(Math.round(volume * 1e8)), 0n)
    assert.equal(hundredMillionths, BigInt(oracle.sum_qty.replace('.', '')))
    const ignored = sinks.filter(sink => sink.ignored === 1).length
    assert.equal(ignored, truth.lines - oracle.count - truth.quote_oracle.count)
    assert.ok(sinks.every(sink => sink.refusals.length === 0 && sink.calls === 1))
  })
}
