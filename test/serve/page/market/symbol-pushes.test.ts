import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SymbolPushes, VisibleSymbols } from '../../../../src/serve/page/market/symbol-pushes.ts'
import { Watchlist } from '../../../../src/serve/page/market/watchlist.ts'
import { quoteColumnsOf } from '../../../support/data/quotes.ts'

const quote = (symbol: string, bid: number, ask: number) => ({
  ...{ symbol, bid: [bid, 1] as const, ask: [ask, 2] as const },
  sequence: 1,
})
const names = (count: number) => Array.from({ length: count }, (_, index) => `S${index}`)

function filled(count: number) {
  const watchlist = new Watchlist()
  watchlist.takeQuotes(
    quoteColumnsOf(
      'binance',
      names(count).map(name => quote(name, 100, 101)),
    ),
  )
  return { watchlist, pushes: new SymbolPushes(watchlist, () => null) }
}

test('a symbol with quotes alone is in the list, with the newest quote of each batch and the number of all', () => {
  const watchlist = new Watchlist()
  const batch = [quote('A', 10, 11), quote('B', 20, 21), quote('A', 10.25, 10.5), quote('A', 10.125, 10.5)]
  watchlist.takeQuotes(quoteColumnsOf('kraken', batch))
  watchlist.takeQuotes(quoteColumnsOf('okx', [quote('A', 7, 8)]), Uint32Array.of(40))
  const { bid, ask, bidSize, askSize, decimals, last, quotesPerSecond } = watchlist.find('kraken', 'A')!.status(0)
  assert.deepEqual([bid, ask, bidSize, askSize, decimals, last], [10.125, 10.5, 1, 2, 3, 0])
  assert.equal(quotesPerSecond, 3)
  assert.equal(watchlist.find('okx', 'A')!.status(0).quotesPerSecond, 40)
  assert.equal(watchlist.size, 3)
})

test('an earlier quote than the newest changes nothing but the count', () => {
  const { watchlist } = filled(1)
  const summary = watchlist.find('binance', 'S0')!
  summary.quote(summary.quotedMicros - 1, 5, 1, 6, 1, 1)
  assert.deepEqual([summary.bid, summary.ask], [100, 101])
})

test('new symbols are announced once, and all symbols are sent when they changed', () => {
  const { watchlist, pushes } = filled(3)
  assert.equal(pushes.fresh().length, 3)
  assert.equal(pushes.fresh().length, 0)
  watchlist.takeQuotes(quoteColumnsOf('binance', [quote('S9', 1, 2)]))
  assert.deepEqual(
    pushes.fresh().map(({ symbol }) => symbol),
    ['S9'],
  )
  assert.equal(pushes.changes().length, 4)
})

test('of thousands of symbols only those in sight are pushed at once, with their sparklines', () => {
  const { watchlist, pushes } = filled(3_000)
  const visible = new VisibleSymbols(pushes)
  assert.ok(visible.sparks().length < 100)
  const inSight = [1_005, 1_006, 1_007].map(index => watchlist.find('binance', `S${index}`)!)
  visible.choose(inSight.map(({ index }) => index).concat(999_999))
  assert.deepEqual(
    visible.changes().map(([index]) => index),
    inSight.map(({ index }) => index),
  )
  assert.equal(visible.sparks().length, 3)
  assert.deepEqual([visible.changes(), visible.sparks()], [[], []])
  for (const symbol of ['S1', 'S1006']) {
    const summary = watchlist.find('binance', symbol)!
    summary.quote(summary.quotedMicros + 1, 90, 1, 91, 2, 1)
  }
  assert.deepEqual(
    visible.changes().map(([index, , , , , , , , , bid, , ask]) => [index, bid, ask]),
    [[inSight[1]!.index, 90, 91]],
  )
})

test('the list is bounded: the symbol without a tick for longest leaves it', () => {
  const watchlist = new Watchlist()
  const columns = quoteColumnsOf(
    'binance',
    names(5_100).map(name => quote(name, 1, 2)),
  )
  watchlist.takeQuotes(columns)
  assert.equal(watchlist.size, 5_000)
  assert.equal(watchlist.find('binance', 'S0'), undefined)
  assert.equal(watchlist.at(0), undefined)
  assert.ok(watchlist.find('binance', 'S5099'))
})
