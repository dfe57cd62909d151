import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { matchSymbols } from '../../../src/sources/subscription/match-symbols.ts'
import { type Instrument, instrument } from '../../../src/venues/instruments.ts'
import { kraken } from '../../../src/venues/kraken/decode.ts'
import { readAnswers } from '../../contracts/instruments.ts'

const listed = (...symbols: string[]): Instrument[] => symbols.map(symbol => instrument({ symbol, kind: 'spot' }))

test('a symbol is found whatever its case, and one that is not listed is not', () => {
  const [exact, lower, wrong] = matchSymbols(['BTCUSDT', 'ethusdt', 'BTC-USDT'], listed('BTCUSDT', 'ETHUSDT'))
  assert.deepEqual(exact, { requested: 'BTCUSDT', instrument: listed('BTCUSDT')[0] })
  assert.equal(lower!.instrument!.symbol, 'ETHUSDT')
  assert.equal(wrong!.instrument, undefined)
})

test('whatever is listed is found by its own spelling, even where another differs only in case', () => {
  const symbols = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1 })
  fc.assert(
    fc.property(symbols, names => {
      for (const { requested, instrument } of matchSymbols(names, listed(...names)))
        assert.equal(instrument!.symbol, requested)
      const capitals = names.map(name => name.toUpperCase())
      for (const { instrument } of matchSymbols(capitals, listed(...names))) assert.notEqual(instrument, undefined)
    }),
  )
})

test('Kraken’s pairs are read under the names of WebSocket v2, and found by its other names', async () => {
  const result = {
    XXBTZUSD: { altname: 'XBTUSD', wsname: 'XBT/USD', status: 'online' },
    XDGUSD: { altname: 'XDGUSD', wsname: 'XDG/USD', status: 'cancel_only' },
    AAPLxUSD: { altname: 'AAPLxUSD', wsname: 'AAPLx/USD', status: 'online' },
  }
  const list = await readAnswers(kraken, [{ error: [], result }])
  const found = matchSymbols(['BTC/USD', 'XBT/USD', 'xbtusd', 'doge/usd', 'AAPLX/USD', 'BTC/USB'], list)
  assert.deepEqual(
    found.map(({ instrument }) => instrument?.symbol),
    ['BTC/USD', 'BTC/USD', 'BTC/USD', 'DOGE/USD', 'AAPLx/USD', undefined],
  )
  assert.equal(found[3]!.instrument!.status, 'cancel_only')
})
