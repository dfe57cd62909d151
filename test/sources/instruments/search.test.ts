import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { searchInstruments } from '../../../src/sources/instruments/search.ts'
import { type Instrument, instrument } from '../../../src/venues/instruments.ts'

const listed = [
  instrument({ symbol: 'BTC-USD', kind: 'spot', aliases: ['XBTUSD'] }),
  instrument({ symbol: 'BTC-USDT', kind: 'spot' }),
  instrument({ symbol: 'BTC-USD-SWAP', kind: 'perpetual' }),
  instrument({ symbol: 'WBTC-USD', kind: 'spot' }),
  instrument({ symbol: 'BTC-UST', kind: 'spot', status: 'halted' }),
  instrument({ symbol: 'ETH-USD', kind: 'spot' }),
]
const found = (text: string, max = 50) => searchInstruments(listed, text, max).instruments.map(({ symbol }) => symbol)

test('letters and digits find a symbol in whatever spelling, the exact one first, those that do not trade last', () => {
  for (const text of ['btcusd', 'BTC/USD', 'btc usd', ' xbt-usd ']) assert.equal(found(text)[0], 'BTC-USD', text)
  assert.deepEqual(found('btc'), ['BTC-USD', 'BTC-USDT', 'BTC-USD-SWAP', 'WBTC-USD', 'BTC-UST'])
  assert.deepEqual(found('xbt'), ['BTC-USD'])
  assert.deepEqual(found('doge'), [])
  assert.deepEqual(searchInstruments(listed, '', 2), { count: 6, instruments: [listed[0], listed[5]] })
})

test('a pattern finds what a selection with it records: those that trade', () => {
  assert.deepEqual(found('btc-*'), ['BTC-USD', 'BTC-USDT', 'BTC-USD-SWAP'])
  assert.deepEqual(searchInstruments(listed, '*', 1), { count: 5, instruments: [listed[0]] })
})

test('any text is answered with at most as many as wanted, all of them listed', () => {
  const symbols = fc.array(fc.string({ maxLength: 8 }), { maxLength: 20 })
  fc.assert(
    fc.property(symbols, fc.string({ maxLength: 6 }), fc.integer({ min: 0, max: 5 }), (names, text, max) => {
      const all: Instrument[] = names.map(symbol => instrument({ symbol, kind: 'spot' }))
      const { count, instruments } = searchInstruments(all, text, max)
      assert.ok(instruments.length === Math.min(count, max) && count <= all.length)
      assert.ok(instruments.every(each => all.includes(each)))
    }),
  )
})
