import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SUBSCRIPTION_STATES } from '../../../src/sources/connection/status.ts'
import {
  packSymbolStates,
  SYMBOL_STATES,
  type SymbolState,
  symbolStatesIn,
  symbolsByVenue,
} from '../../../src/sources/subscription/symbol-states.ts'

const anyState: fc.Arbitrary<SymbolState> = fc.record({
  venue: fc.constantFrom('binance', 'kraken'),
  symbol: fc.string({ minLength: 1 }),
  kind: fc.constantFrom('trades', 'quotes'),
  state: fc.constantFrom(...SUBSCRIPTION_STATES),
  detail: fc.string(),
  sinceMs: fc.nat(),
  firstTickMs: fc.option(fc.integer({ min: 1 })),
})

const announced = (instance: string, states: readonly SymbolState[]) => ({
  key: `${SYMBOL_STATES}recorder a`,
  atMs: 0,
  body: JSON.parse(JSON.stringify(packSymbolStates(instance, states))),
})

test('states are read as they were announced, by recorder', () => {
  const sorted = (states: readonly SymbolState[]) =>
    states.map(state => JSON.stringify(state, Object.keys(state).sort())).sort()
  fc.assert(
    fc.property(fc.array(anyState), states => {
      assert.deepEqual(sorted(symbolStatesIn([announced('i', states)]).get('i')!), sorted(states))
    }),
  )
})

test('what is no announcement of states is left out', () => {
  const body = { instance: 'i', deflated: 'no base64 of anything' }
  assert.deepEqual([...symbolStatesIn([{ key: `${SYMBOL_STATES}a`, atMs: 0, body }]).values()], [[]])
  for (const wrong of [null, 1, {}, { instance: 1, deflated: '' }])
    assert.equal(symbolStatesIn([{ key: `${SYMBOL_STATES}a`, atMs: 0, body: wrong }]).size, 0)
  assert.equal(symbolStatesIn([{ ...announced('i', []), key: 'recorder a' }]).size, 0)
})

test('the states of 3,000 symbols of twelve venues with two kinds take less than 64 KB, each first tick at its own time', () => {
  const states = Array.from({ length: 6_000 }, (_, index): SymbolState => {
    const symbol = Math.floor(index / 2)
    return {
      venue: `venue${symbol % 12}`,
      symbol: `${(symbol * 7_919).toString(36).toUpperCase()}USDT`,
      kind: index % 2 === 0 ? 'trades' : 'quotes',
      state: 'live',
      detail: '',
      sinceMs: 1_764_000_000_000 + ((index * 104_729) % 600_000),
      firstTickMs: 1_764_000_000_000 + ((index * 104_729) % 600_000),
    }
  })
  const bytes = JSON.stringify(packSymbolStates('i', states)).length
  assert.ok(bytes < 64 * 1024, `${bytes} bytes`)
})

test('ticks of a halted symbol are not expected', () => {
  const state = { kind: 'trades', detail: '', sinceMs: 1, firstTickMs: null, venue: 'kraken' }
  assert.deepEqual(
    symbolsByVenue([
      { ...state, symbol: 'A', state: 'live' },
      { ...state, symbol: 'A', state: 'silent', kind: 'quotes' },
      { ...state, symbol: 'B', state: 'halted' },
      { ...state, symbol: 'C', state: 'delisted' },
    ]),
    [{ venue: 'kraken', symbols: ['A', 'C'] }],
  )
})
