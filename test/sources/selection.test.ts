import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { partitionOf } from '../../src/sources/recording/symbol-buffers.ts'
import { formatSources, parseSources, type Selected } from '../../src/sources/selection.ts'
import { addVenue, VENUES } from '../../src/venues/index.ts'

test('venues, symbols and the simulator’s options are read, and written back the same', () => {
  const text = 'binance:BTCUSDT,ETHUSDT kraken:BTC/USD simulator:AAA?rate=500&seed=7'
  const selected = parseSources(text)
  assert.deepEqual(
    selected.map(({ venue, symbols }) => [venue.name, symbols]),
    [
      ['binance', ['BTCUSDT', 'ETHUSDT']],
      ['kraken', ['BTC/USD']],
      ['simulator', ['AAA']],
    ],
  )
  assert.deepEqual(selected[2]!.options, { rate: 500, seed: 7 })
  assert.equal(formatSources(selected), text)
})

test('patterns and exceptions are read beside symbols, and written back the same', () => {
  const text =
    'binance:BTCUSDC,*USDT,-BUSDUSDT,-*UPUSDT@trades kraken:*/USD okx:*-SWAP binance:BTCUSDT@quotes simulator:*?rate=5'
  const selected = parseSources(text)
  assert.deepEqual(
    selected.map(({ venue, symbols, patterns, kinds }) => [venue.name, symbols, patterns, kinds]).slice(0, 4),
    [
      ['binance', ['BTCUSDC'], { patterns: ['*USDT'], except: ['BUSDUSDT', '*UPUSDT'] }, ['trades']],
      ['kraken', [], { patterns: ['*/USD'], except: [] }, ['trades', 'quotes']],
      ['okx', [], { patterns: ['*-SWAP'], except: [] }, ['trades', 'quotes']],
      ['binance', ['BTCUSDT'], undefined, ['quotes']],
    ],
  )
  assert.equal(formatSources(selected), text)
  for (const form of ['binance: *usdt , -busdusdt ,kraken:*/USD', 'Binance:*USDT,-BUSDUSDT, kraken:*/USD'])
    assert.equal(formatSources(parseSources(form)), 'binance:*USDT,-BUSDUSDT kraken:*/USD')
})

test('mark prices and liquidations are recorded only where they are named, in the order of the venue', () => {
  const kindsOf = (text: string) => parseSources(text).map(({ kinds }) => kinds.join())
  assert.deepEqual(
    kindsOf('binanceusdm:BTCUSDT binanceusdm:*@liquidations,trades bybitlinear okx:BTC-USDT-SWAP@marks'),
    ['trades,quotes', 'trades,liquidations', 'trades,quotes', 'marks'],
  )
  const all = 'binanceusdm:BTCUSDT@trades,quotes,marks,liquidations'
  assert.equal(formatSources(parseSources(all)), all)
  assert.equal(formatSources(parseSources('binanceusdm:BTCUSDT@trades,quotes')), 'binanceusdm:BTCUSDT')
  assert.throws(() => parseSources('binance:BTCUSDT@marks'), /binance has no marks: it sends trades and quotes/)
})

test('a venue from outside the tree that is added later begins a source too, also after a comma', () => {
  const acme = { ...VENUES.find(({ name }) => name === 'kraken')!, name: 'acme' }
  assert.throws(() => parseSources('binance:BTCUSDT,acme:BTC/USD'), /not a symbol of binance: acme:BTC\/USD/)
  addVenue(acme)
  for (const form of ['binance:BTCUSDT,acme:BTC/USD', 'binance:BTCUSDT,Acme:BTC/USD', 'binance:BTCUSDT acme:BTC/USD'])
    assert.equal(formatSources(parseSources(form)), 'binance:BTCUSDT acme:BTC/USD')
})

test('a venue without symbols records its default ones', () => {
  const [coinbase] = parseSources('coinbase')
  assert.deepEqual(coinbase!.symbols, coinbase!.venue.defaultSymbols)
})

test('each mistake is refused with what is wrong', () => {
  assert.throws(() => parseSources('nasdaq:AAPL'), /unknown venue nasdaq; known: .*\bbinance\b/)
  assert.throws(() => parseSources('  '), /empty/)
  assert.throws(() => parseSources(':BTC'), /not a source/)
  assert.throws(() => parseSources('simulator:A simulator:B?rate=5'), /simulator appears twice/)
  assert.throws(() => parseSources('kraken:A,-B'), /-B leaves a symbol out, but no pattern of kraken selects it/)
  assert.throws(() => parseSources('kraken:*(/USD'), /not a pattern of symbols of kraken: \*\(\/USD/)
  assert.throws(() => parseSources('kraken:*/USD,-'), /not a pattern/)
  assert.throws(() => parseSources('finnhub:*'), /finnhub has no public list of symbols, so \* matches none/)
  assert.throws(() => parseSources('kraken:A?rate=5'), /takes no option rate/)
  for (const option of ['constructor', 'toString', '__proto__'])
    assert.throws(() => parseSources(`simulator?${option}=5`), /takes no option/)
  assert.throws(() => parseSources('simulator?rate=0'), /from 1 to 500000, not 0/)
})

test('case, blanks around commas and commas between venues do not matter where the venue spells in capitals', () => {
  const meant = 'binance:BTCUSDT,ETHUSDT kraken:BTC/USD,AAPLx/USD'
  for (const text of [
    'binance:btcusdt,ETHUSDT,BtcUsdt kraken:BTC/USD,AAPLx/USD',
    ' Binance: BTCUSDT , ETHUSDT ,\n kraken:BTC/USD, AAPLx/USD, ',
    'binance:BTCUSDT,ETHUSDT,kraken:BTC/USD,AAPLx/USD',
  ])
    assert.equal(formatSources(parseSources(text)), meant, text)
  assert.deepEqual(
    parseSources('coinbase, kraken').map(({ venue }) => venue.name),
    ['coinbase', 'kraken'],
  )
})

test('a symbol after a blank is refused with the comma it needs, and a malformed symbol is named', () => {
  assert.throws(() => parseSources('kraken:BTC/USD ETH/USD'), /by commas, kraken:BTC\/USD,ETH\/USD/)
  assert.throws(() => parseSources('binance:BTCUSDT:ETHUSDT'), /not a symbol of binance: BTCUSDT:ETHUSDT/)
  assert.throws(() => parseSources('binance:BTC"USDT'), /not a symbol/)
})

test('a symbol may begin with a market and a colon where the venue has such symbols', () => {
  const sources = (text: string) => parseSources(text).map(({ venue, symbols }) => [venue.name, ...symbols])
  const meant = [
    ['hyperliquid', 'BTC', 'BINANCE:ETHUSDT', 'xyz:NVDA'],
    ['kraken', 'BTC/USD'],
  ]
  for (const text of [
    'hyperliquid:BTC,BINANCE:ETHUSDT,xyz:NVDA kraken:BTC/USD',
    'hyperliquid: BTC, BINANCE:ETHUSDT, xyz:NVDA,\nkraken: BTC/USD',
    'Hyperliquid:BTC,BINANCE:ETHUSDT,xyz:NVDA,kraken:BTC/USD',
  ])
    assert.deepEqual(sources(text), meant, text)
  assert.deepEqual(sources('hyperliquid: BINANCE:ETHUSDT'), [['hyperliquid', 'BINANCE:ETHUSDT']])
  // After a blank, and in lower case, a venue's name is the venue.
  for (const text of ['hyperliquid:BTC BINANCE:ETHUSDT', 'hyperliquid:BTC,binance:ETHUSDT'])
    assert.deepEqual(sources(text), [
      ['hyperliquid', 'BTC'],
      ['binance', 'ETHUSDT'],
    ])
  assert.deepEqual(sources('hyperliquid:BTC,BINANCE:X@trades,OKX:Y'), [
    ['hyperliquid', 'BTC', 'BINANCE:X'],
    ['okx', 'Y'],
  ])
  assert.deepEqual(sources('hyperliquid:@107,BINANCE:X'), [['hyperliquid', '@107', 'BINANCE:X']])
  for (const symbol of ['A:B:C', ':A', 'A:', 'A B:C']) assert.throws(() => parseSources(`hyperliquid:X,${symbol}`))
})

test('a symbol may begin with the sign that stands before kinds', () => {
  for (const text of ['hyperliquid:@142', 'hyperliquid:BTC,@142', 'hyperliquid:@142,BTC,@7'])
    for (const kinds of ['', '@trades']) {
      const [{ venue, symbols, kinds: recorded }] = parseSources(text + kinds) as [Selected]
      assert.deepEqual(symbols, text.split(':')[1]!.split(','))
      assert.ok(recorded.includes('trades'))
      assert.deepEqual(
        parseSources(formatSources([{ venue, symbols, kinds: recorded, options: {} }]))[0]!.symbols,
        symbols,
      )
    }
  assert.throws(() => parseSources('hyperliquid:@142@trades,nothing'), /no nothing/)
})

test('a venue that allows one connection has the same kinds for all symbols', () => {
  assert.equal(parseSources('alpaca:AAPL@trades alpaca:MSFT@trades').length, 2)
  assert.throws(
    () => parseSources('alpaca:AAPL@trades alpaca:MSFT'),
    /alpaca allows one connection, with the same kinds/,
  )
  assert.equal(parseSources('kraken:BTC/USD@trades kraken:ETH/USD').length, 2)
})

test('any symbols with and without a prefix are read as written', () => {
  const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{0,9}$/)
  const symbol = fc.oneof(
    name,
    fc.tuple(fc.constantFrom('BINANCE', 'OANDA', 'KRAKEN', 'xyz'), name).map(two => two.join(':')),
  )
  fc.assert(
    fc.property(fc.uniqueArray(symbol, { minLength: 1 }), symbols => {
      fc.pre(!symbols.some(each => VENUES.some(venue => venue.name === each.toLowerCase())))
      const [selected, ...others] = parseSources(`hyperliquid:${symbols.join(',')}`)
      assert.deepEqual([selected!.symbols, others], [symbols, []])
      assert.deepEqual(parseSources(formatSources([selected!]))[0]!.symbols, symbols)
    }),
  )
})

test('a symbol’s log partition never changes: it is part of the format', () => {
  assert.deepEqual(
    ['BTCUSDT', 'ETHUSDT', 'BTC/USD', 'é'].map(symbol => partitionOf('binance', symbol, 16)),
    [14, 4, 2, 3],
  )
})

test('symbols that look alike spread evenly over a power of two of partitions', () => {
  const counts = new Array<number>(8).fill(0)
  for (let number = 0; number < 800; number++) counts[partitionOf('binance', `SYM${number}USDT`, 8)]!++
  for (const count of counts) assert.ok(count > 70 && count < 130, counts.join(' '))
})
