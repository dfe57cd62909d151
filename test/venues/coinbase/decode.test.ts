import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coinbase } from '../../../src/venues/coinbase/decode.ts'
import { decoded } from '../../support/judges/collecting-sink.ts'

const MATCH = {
  type: 'match',
  trade_id: 10,
  sequence: 50,
  maker_order_id: 'ac928c66-ca53-498f-9c13-a110027a60e8',
  taker_order_id: '132fb6ae-456b-4654-b4e0-d681ac05cea1',
  time: '2014-11-07T08:19:27.028459Z',
  product_id: 'BTC-USD',
  size: '5.23512',
  price: '400.23',
  side: 'sell',
}
const read = (message: unknown) => decoded(coinbase.decoder(), JSON.stringify(message))

test('a match is a trade of the side opposite to the maker’s', () => {
  const expected = {
    symbol: 'BTC-USD',
    micros: 1415348367028459,
    nanos: 0,
    price: 400.23,
    volume: 5.23512,
    side: 'buy',
    tradeId: 10,
  }
  assert.deepEqual(read(MATCH).trades, [expected])
  assert.deepEqual(read({ ...MATCH, side: 'buy' }).trades, [{ ...expected, side: 'sell' }])
  assert.deepEqual(read({ ...MATCH, type: 'last_match' }).trades, [expected])
})

test('a field that cannot be read refuses the match and names the field', () => {
  const cases = [
    [{ price: '1e3' }, 'rejected_value', /price/],
    [{ size: 5 }, 'rejected_value', /volume/],
    [{ trade_id: '10' }, 'rejected_value', /trade id/],
    [{ side: 'SELL' }, 'rejected_value', /side/],
    [{ product_id: '' }, 'rejected_value', /symbol/],
    [{ time: 'yesterday' }, 'rejected_value', /time/],
    [{ time: '2026-02-30T10:00:00Z' }, 'rejected_value', /time/],
    [{ time: '2026-11-26T24:00:00Z' }, 'rejected_value', /time/],
    [{ time: '0001-01-01T00:00:00.000000Z' }, 'timestamp_out_of_range', /1970/],
    [{ time: '2300-01-01T00:00:00.000000Z' }, 'timestamp_out_of_range', /1970/],
  ] as const
  for (const [change, reason, detail] of cases) {
    const { trades, refusals } = read({ ...MATCH, ...change })
    assert.equal(trades.length, 0)
    assert.equal(refusals[0]?.reason, reason, JSON.stringify(change))
    assert.match(refusals[0].detail, detail)
  }
})

test('heartbeats, answers and errors become controls; other channels are ignored', () => {
  assert.deepEqual(read({ type: 'heartbeat', last_trade_id: 20, product_id: 'BTC-USD' }).controls, [
    { kind: 'heartbeat', symbol: 'BTC-USD', lastTradeId: 20 },
  ])
  assert.deepEqual(read({ type: 'heartbeat' }).controls, [{ kind: 'heartbeat' }])
  const channels = [
    { name: 'heartbeat', product_ids: ['X'] },
    { name: 'matches', product_ids: ['BTC-USD', 'ETH-USD'] },
  ]
  assert.deepEqual(read({ type: 'subscriptions', channels }).controls, [
    { kind: 'subscribed', symbols: ['BTC-USD', 'ETH-USD'], all: true, channel: 'trades' },
    { kind: 'subscribed', symbols: [], all: true, channel: 'quotes' },
  ])
  const [control] = read({
    type: 'error',
    message: 'Failed to subscribe',
    reason: 'FOO-BAR is not a valid product',
  }).controls
  assert.equal(control?.kind, 'rejected')
  assert.match(control.detail, /FOO-BAR/)
  assert.equal(read({ type: 'ticker' }).ignored, 1)
  assert.equal(read({ type: 'news' }).refusals[0]?.reason, 'unknown_message')
  assert.equal(read([MATCH]).refusals[0]?.reason, 'malformed_frame')
})

test('an error that is not about a subscription is not a rejection, with or without a reason', () => {
  assert.deepEqual(read({ type: 'error', message: 'ErrSlowConsume', reason: 'slow' }).controls, [
    { kind: 'error', detail: '"ErrSlowConsume": "slow"' },
  ])
  assert.deepEqual(read({ type: 'error', message: 'ErrSlowRead' }).controls, [
    { kind: 'error', detail: '"ErrSlowRead"' },
  ])
})

test('each symbol is subscribed to in its own frame', () => {
  assert.deepEqual(
    coinbase.subscribe(['BTC-USD', 'ETH-USD'], ['trades']).map(frame => JSON.parse(frame)),
    ['BTC-USD', 'ETH-USD'].map(id => ({ type: 'subscribe', product_ids: [id], channels: ['matches', 'heartbeat'] })),
  )
})

test('a book is kept of products that were requested on the socket only', () => {
  const decode = coinbase.decoder()
  const read = (message: object) => decoded(decode, JSON.stringify(message))
  const snapshot = (product: string) => ({
    ...{ type: 'snapshot', product_id: product },
    ...{ bids: [['10', '1']], asks: [['11', '2']] },
  })
  const update = (product: string, price: string) => ({
    ...{ type: 'l2update', product_id: product, changes: [['buy', price, '3']] },
    time: '2026-11-21T12:00:00.000000Z',
  })
  const send = (frames: readonly string[]) => {
    for (const frame of frames) assert.equal(decode.addressed!(frame), frame)
  }
  send(coinbase.subscribe(['BTC-USD', 'ETH-USD'], ['trades', 'quotes']))
  send(coinbase.subscribe(['SOL-USD'], ['trades']))
  for (const product of ['BTC-USD', 'ETH-USD']) assert.equal(read(snapshot(product)).quotes.length, 1)
  for (const product of ['SOL-USD', 'AAA-USD']) {
    const [refusal] = read(snapshot(product)).refusals
    assert.deepEqual([refusal?.reason, refusal?.detail], ['symbol_unasked', `snapshot of "${product}"`])
    assert.equal(read(update(product, '10.5')).ignored, 1)
  }
  send(coinbase.unsubscribe(['ETH-USD'], ['quotes']))
  assert.equal(read(update('ETH-USD', '10.5')).ignored, 1)
  assert.equal(read(snapshot('ETH-USD')).refusals[0]?.reason, 'symbol_unasked')
  assert.equal(read(update('BTC-USD', '10.5')).quotes.length, 1)
})
