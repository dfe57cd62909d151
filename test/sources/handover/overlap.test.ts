import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { HeldIds } from '../../../src/sources/handover/held-ticks.ts'
import { type Coverage, overlapOf, proofOf } from '../../../src/sources/handover/overlap.ts'

const covers = (more: Partial<Coverage> = {}): Coverage => ({
  ...{ venue: 'kraken', kind: 'trades', symbol: 'BTC/USD', state: 'live', detail: '', forMs: 60_000 },
  ...more,
})
const held = (first: number, last: number): HeldIds => ({
  ticks: last - first + 1,
  first: BigInt(first),
  last: BigInt(last),
})
const LONG = 60_000

test('rising ids: no id is only with the recorder that stops, wherever it and the other one begin to note them', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30), { minLength: 4, maxLength: 4 }), ([a, b, c, d]) => {
      const [ownFirst, ownLast] = [Math.min(a!, b!), Math.max(a!, b!)]
      const [otherFirst, otherLast] = [Math.min(c!, d!), Math.max(c!, d!)]
      const proof = proofOf(covers({ ids: held(ownFirst, ownLast) }), covers({ ids: held(otherFirst, otherLast) }), 0)
      // What the venue made is contiguous; the other one has all from its first id on.
      const isMissing = otherFirst > ownLast + 1
      if (isMissing) assert.equal(proof.by, null)
      if (otherFirst <= ownLast) assert.equal(proof.by, 'ids')
      // The id after the last one may be a repeat of the venue's count: an id that both have is required.
      if (otherFirst === ownLast + 1) assert.equal(proof.by, null)
    }),
  )
})

test('ids in no order: an id that both have', () => {
  const of = (...ids: string[]): HeldIds => ({ ticks: ids.length, recent: new Set(ids) })
  assert.equal(proofOf(covers({ ids: of('a', 'b') }), covers({ ids: of('b', 'c') }), 0).by, 'ids')
  assert.equal(proofOf(covers({ ids: of('a', 'b') }), covers({ ids: of('c', 'd') }), LONG).by, null)
})

test('ticks without ids: both live for some seconds', () => {
  const ids = { ticks: 3 }
  assert.equal(proofOf(covers({ ids }), covers({ ids }), 1_000).by, null)
  assert.equal(proofOf(covers({ ids }), covers({ ids, forMs: 1_000 }), LONG).by, null)
  assert.equal(proofOf(covers({ ids }), covers({ ids }), 4_000).by, 'live')
})

test('a quiet symbol does not block for ever: both subscribed, and no tick for some seconds', () => {
  const quiet = covers({ state: 'acknowledged' })
  assert.equal(proofOf(quiet, quiet, 1_000).by, null)
  assert.equal(proofOf(quiet, { ...quiet, forMs: 1_000 }, LONG).by, null)
  assert.equal(proofOf(quiet, quiet, 6_000).by, 'quiet')
  // A venue that confirms nothing: longer.
  assert.equal(proofOf(quiet, covers({ state: 'requested' }), 6_000).by, null)
  assert.equal(proofOf(quiet, covers({ state: 'requested' }), 11_000).by, 'quiet')
})

test('what only the recorder that stops receives blocks, however long it takes', () => {
  const own = covers({ ids: held(1, 9) })
  assert.equal(proofOf(own, undefined, LONG).by, null)
  assert.equal(proofOf(own, covers(), LONG).by, null)
  assert.equal(proofOf(own, covers({ ids: held(1, 9), forMs: 0 }), LONG).by, null, 'its connection is not open')
  for (const state of ['refused', 'ended', 'unanswered', 'silent', 'delisted'] as const)
    assert.equal(proofOf(own, covers({ state, ids: held(1, 9) }), LONG).by, null, state)
})

test('what the recorder that stops does not receive blocks nothing', () => {
  for (const state of ['refused', 'ended', 'unanswered', 'silent', 'delisted'] as const)
    assert.equal(proofOf(covers({ state }), undefined, 0).by, 'down', state)
  assert.equal(proofOf(covers(), covers({ ids: held(1, 9) }), 6_000).by, 'quiet')
})

test('the result counts all subscriptions, and names what is missing', () => {
  const own = [covers({ ids: held(1, 9) }), covers({ symbol: 'ETH/USD', ids: held(1, 9) })]
  const other = [covers({ ids: held(5, 12) })]
  const overlap = overlapOf(own, other, 0, ({ symbol }) => symbol)
  assert.deepEqual(overlap, {
    ...{ all: 2, proved: 1, byIds: 1 },
    missing: ['kraken ETH/USD trades: not subscribed there'],
  })
})
