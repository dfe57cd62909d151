import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { kraken } from '../../src/venues/kraken/decode.ts'
import { compareWithList, type ListedSymbol } from '../../src/venues/listed-symbols.ts'

const listed = (...symbols: string[]): ListedSymbol[] => symbols.map(symbol => ({ symbol, haltState: '' }))

test('a symbol is found whatever its case, and one that is not listed is not', () => {
  const [exact, lower, wrong] = compareWithList(['BTCUSDT', 'ethusdt', 'BTC-USDT'], listed('BTCUSDT', 'ETHUSDT'))
  assert.deepEqual(exact, { requested: 'BTCUSDT', symbol: 'BTCUSDT', haltState: '' })
  assert.equal(lower!.symbol, 'ETHUSDT')
  assert.equal(wrong!.symbol, undefined)
})

test('whatever is listed is found by its own spelling, even where another differs only in case', () => {
  const symbols = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1 })
  fc.assert(
    fc.property(symbols, names => {
      for (const { requested, symbol } of compareWithList(names, listed(...names))) assert.equal(symbol, requested)
      for (const { symbol } of compareWithList(
        names.map(name => name.toUpperCase()),
        listed(...names),
      ))
        assert.notEqual(symbol, undefined)
    }),
  )
})

test('Kraken’s pairs are read under the names of WebSocket v2, and found by its other names', () => {
  const result = {
    XXBTZUSD: { altname: 'XBTUSD', wsname: 'XBT/USD', status: 'online' },
    XDGUSD: { altname: 'XDGUSD', wsname: 'XDG/USD', status: 'cancel_only' },
    AAPLxUSD: { altname: 'AAPLxUSD', wsname: 'AAPLx/USD', status: 'online' },
  }
  const list = kraken.symbolList.read({ error: [], result })!
  const found = compareWithList(['BTC/USD', 'XBT/USD', 'xbtusd', 'doge/usd', 'AAPLX/USD', 'BTC/USB'], list)
  assert.deepEqual(
    found.map(({ symbol }) => symbol),
    ['BTC/USD', 'BTC/USD', 'BTC/USD', 'DOGE/USD', 'AAPLx/USD', undefined],
  )
  assert.equal(found[3]!.haltState, 'cancel_only')
})
