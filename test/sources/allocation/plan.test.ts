import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { planShares, type Share } from '../../../src/sources/allocation/plan.ts'

const KINDS = ['quotes', 'trades']
const SYMBOLS = Array.from('ABCDEFGHIJKL')

/** The shares after a plan. */
function applied(
  shares: readonly Share[],
  wanted: ReadonlyMap<string, readonly string[]>,
  symbolsMax: number,
): Share[] {
  const { changes, open } = planShares(shares, wanted, symbolsMax)
  const changed = shares.map(({ symbols, kinds }, index) => {
    const { leave, join } = changes[index]!
    for (const symbol of leave) assert.ok(symbols.has(symbol))
    for (const symbol of join) assert.ok(!symbols.has(symbol) || leave.includes(symbol))
    return { symbols: new Set([...[...symbols].filter(symbol => !leave.includes(symbol)), ...join]), kinds }
  })
  return [...changed, ...open.map(({ symbols, kinds }) => ({ symbols: new Set(symbols), kinds }))]
}

const pairsOf = (shares: readonly Share[]) =>
  shares.flatMap(({ symbols, kinds }) => [...symbols].flatMap(symbol => kinds.map(kind => `${symbol} ${kind}`))).sort()

const wantedOf = (wanted: ReadonlyMap<string, readonly string[]>) =>
  [...wanted].flatMap(([symbol, kinds]) => kinds.map(kind => `${symbol} ${kind}`)).sort()

const anyWanted = fc
  .array(fc.tuple(fc.constantFrom(...SYMBOLS), fc.constantFrom(['quotes'], ['trades'], KINDS)))
  .map(entries => new Map<string, readonly string[]>(entries))

test('after any changes each symbol is requested once with each kind, and no connection has too many', () => {
  fc.assert(
    fc.property(fc.array(anyWanted, { maxLength: 6 }), fc.integer({ min: 1, max: 5 }), (steps, symbolsMax) => {
      let shares: Share[] = []
      for (const wanted of steps) {
        shares = applied(shares, wanted, symbolsMax)
        assert.deepEqual(pairsOf(shares), wantedOf(wanted))
        for (const { symbols } of shares) assert.ok(symbols.size <= symbolsMax)
      }
    }),
  )
})

test('a symbol whose kinds stay or grow stays on its connection', () => {
  fc.assert(
    fc.property(anyWanted, anyWanted, fc.integer({ min: 1, max: 5 }), (before, after, symbolsMax) => {
      const shares = applied([], before, symbolsMax)
      const { changes } = planShares(shares, after, symbolsMax)
      for (const [index, { leave }] of changes.entries())
        for (const symbol of leave)
          assert.ok(!shares[index]!.kinds.every(kind => after.get(symbol)?.includes(kind)), `${symbol} leaves`)
    }),
  )
})

test('a symbol that is doubled by its spelling is ended on the later connection', () => {
  const shares = [
    { symbols: new Set(['BTC/USD']), kinds: ['trades'] },
    { symbols: new Set(['BTC/USD', 'ETH/USD']), kinds: ['trades'] },
  ]
  const wanted = new Map([
    ['BTC/USD', ['trades']],
    ['ETH/USD', ['trades']],
  ])
  assert.deepEqual(planShares(shares, wanted, 2), {
    changes: [
      { leave: [], join: [] },
      { leave: ['BTC/USD'], join: [] },
    ],
    open: [],
  })
})
