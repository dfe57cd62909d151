import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kraken } from '../../../src/venues/kraken/decode.ts'
import { decoded } from '../../support/judges/collecting-sink.ts'

const TRADE =
  '{"symbol":"BTC/USD","side":"buy","price":105944.20,"qty":0.00027625,"ord_type":"limit","trade_id":10218208,"timestamp":"2023-10-06T17:35:55.440295Z"}'
const EXPECTED = {
  symbol: 'BTC/USD',
  micros: 1696613755440295,
  nanos: 0,
  price: 105944.2,
  volume: 0.00027625,
  side: 'buy',
  tradeId: 10218208,
}
const envelope = (items: string[], type = 'update') =>
  `{"channel":"trade","type":"${type}","data":[${items.join(',')}]}`
const read = (text: string) => decoded(kraken.decoder(), text)

test('every trade of a frame is taken, from snapshots and updates', () => {
  const second = TRADE.replace('10218208', '10218209').replace('"buy"', '"sell"')
  const expected = [EXPECTED, { ...EXPECTED, side: 'sell', tradeId: 10218209 }]
  assert.deepEqual(read(envelope([TRADE, second])).trades, expected)
  assert.deepEqual(read(envelope([TRADE, second], 'snapshot')).trades, expected)
})

test('one bad trade among several is refused alone, with its own text as it was sent', () => {
  const bad = TRADE.replace('105944.20', '"105944.20"').replace('"limit"', '"li,}]mit\\""')
  const { trades, refusals } = read(envelope([TRADE, bad, TRADE]))
  assert.equal(trades.length, 2)
  assert.equal(refusals.length, 1)
  assert.equal(refusals[0]?.reason, 'rejected_value')
  assert.equal(refusals[0].raw, bad)
  assert.equal(read(envelope([TRADE, ' 7 '])).refusals[0]?.raw, '7')
})

test('a trade at a time that does not exist is refused, not moved to one that does', () => {
  for (const time of ['2023-02-29T17:35:55Z', '2023-10-06T24:00:00Z', '2023-10-06T17:35:60Z', '2023-10-32T17:35:55Z']) {
    const { trades, refusals } = read(envelope([TRADE.replace('2023-10-06T17:35:55.440295Z', time)]))
    assert.deepEqual([trades.length, refusals[0]?.reason, refusals[0]?.detail], [0, 'rejected_value', 'time'], time)
  }
})

test('many bad trades in one frame take no longer than the frame is long', () => {
  const startedMs = performance.now()
  const { refusals } = read(envelope(Array.from({ length: 100_000 }, () => '1')))
  assert.equal(refusals.length, 100_000)
  assert.ok(performance.now() - startedMs < 60_000)
})

test('numbers keep their digits: ids beyond 2^53, prices counted as imprecise beyond 15, exponents allowed', () => {
  const { trades } = read(envelope([TRADE.replace('10218208', '18446744073709551615')]))
  assert.equal(trades[0]?.tradeId, 18446744073709551615n)
  assert.equal(
    read(envelope([TRADE.replace('10218208', '18446744073709551616')])).refusals[0]?.reason,
    'rejected_value',
  )
  assert.equal(read(envelope([TRADE.replace('105944.20', '1234567890.123456')])).impreciseValues, 1)
  assert.equal(read(envelope([TRADE.replace('105944.20', '1059442000000000000e-13')])).impreciseValues, 0)
  assert.equal(read(envelope([TRADE.replace('105944.20', '1.0594420e5')])).trades[0]?.price, 105944.2)
  assert.equal(read(envelope([TRADE.replace('105944.20', '1e999')])).refusals[0]?.reason, 'rejected_value')
})

test('heartbeats, status, answers and pongs become controls; other channels are ignored', () => {
  for (const text of ['{"channel":"heartbeat"}', '{"channel":"status","data":[]}', '{"method":"pong"}']) {
    assert.deepEqual(read(text).controls, [{ kind: 'heartbeat' }])
  }
  assert.deepEqual(read('{"channel":"status","data":[{"system":"online"}]}').controls, [
    { kind: 'venue_state', state: 'online', upcoming: '' },
  ])
  const ended = '{"method":"unsubscribe","success":true,"result":{"channel":"trade","symbol":"BTC/USD"}}'
  assert.deepEqual(read(ended).controls, [{ kind: 'ended', symbols: ['BTC/USD'], channel: 'trades' }])
  const accepted = '{"method":"subscribe","success":true,"result":{"channel":"trade","symbol":"BTC/USD"}}'
  assert.deepEqual(read(accepted).controls, [{ kind: 'subscribed', symbols: ['BTC/USD'], channel: 'trades' }])
  const refused = '{"method":"subscribe","success":false,"error":"Currency pair not supported","symbol":"A/B"}'
  assert.deepEqual(read('{"method":"subscribe","success":false,"error":"Already subscribed"}').controls, [
    { kind: 'rejected', detail: '"Already subscribed"' },
  ])
  assert.deepEqual(read(refused).controls, [
    { kind: 'rejected', detail: '"Currency pair not supported"', symbols: ['A/B'] },
  ])
  const unnamed = '{"error":"Exceeded msg rate","method":"error","success":false}'
  assert.deepEqual(read(unnamed).controls, [{ kind: 'rejected', detail: '"Exceeded msg rate"' }])
  assert.equal(read('{"channel":"book"}').ignored, 1)
  assert.equal(read('{"channel":"gossip"}').refusals[0]?.reason, 'unknown_message')
  assert.equal(read('{"channel":"trade","data":{}}').refusals[0]?.reason, 'malformed_frame')
  assert.equal(read(envelope([])).controls[0]?.kind, 'heartbeat')
})
