import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isPattern, isSelected, matchesPattern } from '../../../src/sources/subscription/pattern.ts'

test('a pattern matches as its regular expression does', () => {
  const text = fc.stringMatching(/^[AB*/]{0,8}$/)
  const symbol = fc.stringMatching(/^[ABab/]{0,12}$/)
  fc.assert(
    fc.property(text, symbol, (pattern, symbol) => {
      const expression = new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 'i')
      assert.equal(matchesPattern(pattern, symbol), expression.test(symbol))
    }),
    { numRuns: 5_000 },
  )
})

test('a pattern of many stars takes no longer', () => {
  const startedMs = performance.now()
  assert.equal(matchesPattern(`${'*a'.repeat(20)}b*`, 'a'.repeat(100_000)), false)
  assert.ok(performance.now() - startedMs < 60_000)
})

test('exceptions are symbols or patterns, and characters that symbols cannot have make no pattern', () => {
  const patterns = { patterns: ['*USDT', '*-SWAP'], except: ['BUSDUSDT', '*UPUSDT'] }
  const selected = ['BTCUSDT', 'BUSDUSDT', 'BTCUPUSDT', 'BTC-USDT-SWAP', 'ETHBTC'].filter(each =>
    isSelected(patterns, each),
  )
  assert.deepEqual(selected, ['BTCUSDT', 'BTC-USDT-SWAP'])
  for (const text of ['*', '*USDT', 'BTC*', 'xyz:*', '*/USD', 'B*C*']) assert.ok(isPattern(text), text)
  for (const text of ['BTC', '', '*(', '*"', '* ', '*?']) assert.ok(!isPattern(text), text)
})
