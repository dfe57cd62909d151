import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isAlreadySubscribed, refusalKind, symbolsNamed } from '../../../src/sources/subscription/refusal-kind.ts'

const CASES = {
  rate: [
    'Exceeded msg rate',
    'Too many requests; current limit is 1200',
    'Failed to subscribe: Rate limit exceeded',
    'EGeneral:Too many requests',
    'maximum subscriptions exceeded: over the limit of 10 subscriptions',
    'You are being throttled',
  ],
  unlisted: [
    'Currency pair not supported',
    'Currency pair not supported XBT/USD',
    'Failed to subscribe: FOO-BAR is not a valid product',
    'Failed to subscribe: Invalid product ID provided',
    'Invalid symbol.',
    'Unknown symbol',
    'Event:subscribe, no such pair',
    'FOO-USD is delisted',
    'Symbol(s) not found: FOO/BAR',
    "Wrong URL or channel:trades-all,instId:FOO-BAR doesn't exist. Please use the correct URL.",
    'Invalid symbol :[publicTrade.FOOBAR]',
    'not listed: the answer confirms no channel',
  ],
  temporary: [
    'Service Unavailable',
    'System in maintenance mode',
    'internal error',
    'Bitte warten',
    '',
    'Malformed request',
  ],
} as const

for (const [kind, texts] of Object.entries(CASES)) {
  test(`a refusal is of kind ${kind} by its text`, () => {
    for (const text of texts) assert.equal(refusalKind(text), kind, text)
  })
}

test('a refusal because the subscription exists already is recognized', () => {
  assert.equal(isAlreadySubscribed('Already subscribed'), true)
  assert.equal(isAlreadySubscribed('error:already subscribed,topic:publicTrade.BTCUSDT'), true)
  assert.equal(isAlreadySubscribed('Currency pair not supported'), false)
})

test('a text names a symbol only as a whole word', () => {
  const symbols = ['ETH-USD', 'WETH-USD', 'ETH-USDT', 'BTC/USD']
  assert.deepEqual(symbolsNamed('Failed to subscribe: ETH-USD is not a valid product', symbols), ['ETH-USD'])
  assert.deepEqual(symbolsNamed('"WETH-USD", (ETH-USDT): no', symbols), ['WETH-USD', 'ETH-USDT'])
  assert.deepEqual(symbolsNamed('Currency pair not supported BTC/USD', symbols), ['BTC/USD'])
  assert.deepEqual(symbolsNamed('WETH-USDT', symbols), [])
  const parts = ['ETHUSDT', 'BINANCE:ETHUSDT', 'BRK', 'BRK.B']
  assert.deepEqual(symbolsNamed('Invalid symbol BINANCE:ETHUSDT', parts), ['BINANCE:ETHUSDT'])
  assert.deepEqual(symbolsNamed("channel:trades,instId:ETHUSDT doesn't exist", parts), ['ETHUSDT'])
  assert.deepEqual(symbolsNamed('Invalid symbol BRK.B', parts), ['BRK.B'])
  assert.deepEqual(symbolsNamed('BRK.B, BRK: no', parts), ['BRK.B', 'BRK'])
})

test('any symbol in any sentence is found, and no other', () => {
  const symbol = fc.stringMatching(/^[A-Z]{2,6}-[A-Z]{3,4}$/)
  const words = fc.array(fc.stringMatching(/^[a-z]{1,8}[.,:]?$/), { maxLength: 6 })
  fc.assert(
    fc.property(fc.uniqueArray(symbol, { minLength: 2, maxLength: 5 }), words, words, (symbols, before, after) => {
      const [one] = symbols as [string]
      assert.deepEqual(symbolsNamed([...before, one, ...after].join(' '), symbols), [one])
    }),
  )
})
