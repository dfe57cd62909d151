import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { INTERVALS, type Interval } from '../../src/serve/page/protocol.ts'
import { formatAddress, parseAddress, STAGES, type View } from '../../web/src/address.ts'

const NOTHING: View = { venue: null, symbol: null, interval: null, zone: 'utc', open: null, lab: null }

test('every view survives its address, whatever the symbol is called', () => {
  const name = fc.string({ minLength: 1, unit: 'grapheme' }).filter(text => text.isWellFormed())
  const view = fc.record({
    venue: name,
    symbol: name,
    interval: fc.constantFrom(...(Object.keys(INTERVALS) as Interval[])),
    zone: fc.constantFrom('utc' as const, 'local' as const),
    open: fc.constantFrom(null, ...STAGES),
    lab: fc.option(fc.oneof(fc.constant(''), name)),
  })
  fc.assert(fc.property(view, seen => assert.deepEqual(parseAddress(formatAddress(seen)), { ...seen })))
})

test('half a surrogate pair in a name breaks no address', () => {
  assert.equal(formatAddress({ ...NOTHING, venue: 'binance', symbol: 'A\ud800' }), '#/binance/A%EF%BF%BD')
})

test('an address is readable', () => {
  const view: View = { venue: 'kraken', symbol: 'BTC/USD', interval: '10s', zone: 'local', open: 'ingest', lab: null }
  assert.equal(formatAddress(view), '#/kraken/BTC%2FUSD/10s?time=local&open=ingest')
  assert.equal(formatAddress({ ...NOTHING, lab: 'demo-1' }), '#/?lab=demo-1')
})

test('an address that makes no sense opens the page without it', () => {
  for (const hash of ['', '#', '#/', '#/binance', '#/binance/%E0%A4%A', '#//BTCUSDT/10s']) {
    const { venue, symbol } = parseAddress(hash)
    assert.deepEqual({ venue, symbol }, { venue: null, symbol: null }, hash)
  }
  assert.deepEqual(parseAddress('#/?time=mars&open=door'), NOTHING)
  assert.equal(parseAddress('#/binance/BTCUSDT/7s').interval, null)
})
