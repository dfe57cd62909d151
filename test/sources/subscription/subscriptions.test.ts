import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TIMINGS } from '../../../src/sources/connection/timings.ts'
import { ConnectionSubscriptions } from '../../../src/sources/subscription/connection-subscriptions.ts'
import { Subscriptions } from '../../../src/sources/subscription/subscriptions.ts'

function subscriptionsOf(symbols: readonly string[]): Subscriptions {
  const [emit, onLoss] = [() => {}, () => {}]
  return new Subscriptions({
    ...{ venue: 'kraken', connection: 'kraken-1', kind: 'trades', symbols, acknowledges: true },
    ...{ timings: TIMINGS, emit, onLoss },
  })
}

test('a symbol requested in another case than its trades have is ours, and is live', () => {
  const subscriptions = subscriptionsOf(['btc/usd'])
  subscriptions.opened(0, false)
  assert.equal(subscriptions.ticked('BTC/USD', 1, 10), true)
  assert.equal(subscriptions.ticked('BTC/USD', 2, 20), true)
  assert.deepEqual(subscriptions.status(20).states, { live: 1 })
})

test('whatever a venue sends, each requested symbol has two spellings at most', () => {
  const symbol = fc.stringMatching(/^[abAB]{1,3}$/)
  fc.assert(
    fc.property(fc.uniqueArray(symbol, { minLength: 1 }), fc.array(symbol, { maxLength: 200 }), (requested, sent) => {
      const subscriptions = subscriptionsOf(requested)
      const taken = new Set(sent.filter((each, id) => subscriptions.ticked(each, id, id)))
      assert.ok(taken.size <= 2 * requested.length)
      for (const each of sent) if (requested.includes(each)) assert.ok(taken.has(each))
      const capitals = new Set(requested.map(each => each.toUpperCase()))
      for (const each of taken) assert.ok(capitals.has(each.toUpperCase()))
    }),
  )
})

test('a quiet symbol whose last quote the venue repeats is not silent', () => {
  const quiet = (repeated: boolean) => {
    const [emit, onLoss] = [() => {}, () => {}]
    const kinds = ['trades', 'quotes']
    const subscriptions = new ConnectionSubscriptions({
      ...{ venue: 'bybit', connection: 'bybit-1', kinds, symbols: ['A'], acknowledges: true },
      ...{ timings: TIMINGS, emit, onLoss },
    })
    subscriptions.opened(0, false)
    subscriptions.control({ kind: 'subscribed', symbols: ['A'] }, new Map(), 0)
    for (let second = 0; second < 600; second++) subscriptions.ticked('quotes', 'A', second + 1, second * 1000)
    for (let second = 600; second < 900; second++) {
      if (repeated && second % 3 === 0)
        subscriptions.control({ kind: 'heartbeat', symbol: 'A', channel: 'quotes' }, new Map(), second * 1000)
      subscriptions.check(second * 1000, true)
    }
    return subscriptions.status(900_000).states
  }
  assert.deepEqual(quiet(false), { acknowledged: 1, silent: 1 })
  assert.deepEqual(quiet(true), { acknowledged: 1, live: 1 })
})
