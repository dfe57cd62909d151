import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { countIds, type Gap, missingOf, SymbolIds } from '../../src/ingest/continuity.ts'

function followed(seen?: { first: number; last: number }, gaps: Gap[] = []) {
  const changed: Gap[] = []
  const ids = new SymbolIds(
    'binance',
    'BTCUSDT',
    seen,
    gaps,
    gap => changed.push(gap),
    () => 0,
  )
  return { ids, changed }
}

test('consecutive ids are new, and open no gap', () => {
  const { ids, changed } = followed()
  for (const id of [7, 8, 9]) assert.equal(ids.follow(id), 'new')
  assert.deepEqual(changed, [])
})

test('an id seen before is a repeat, also after a restart', () => {
  const { ids } = followed({ first: 5, last: 9 })
  assert.equal(ids.follow(9), 'repeat')
  assert.equal(ids.follow(5), 'repeat')
  assert.equal(ids.follow(10), 'new')
})

test('a hole is one gap, and an id that fills it is new once', () => {
  const { ids, changed } = followed()
  for (const id of [1, 5]) ids.follow(id)
  assert.deepEqual(
    changed.map(({ first, last }) => [first, last]),
    [[2, 4]],
  )
  assert.equal(ids.follow(3), 'new')
  assert.equal(ids.follow(3), 'repeat')
  assert.deepEqual(ids.openGaps[0]!.missing, [
    { first: 2, last: 2 },
    { first: 4, last: 4 },
  ])
  assert.equal(ids.follow(2), 'new')
  assert.equal(ids.follow(4), 'new')
  assert.deepEqual(ids.openGaps, [])
})

test('an id that two gaps miss is new once: gaps overlap where records were lost before they were stored', () => {
  const gap = (first: number, last: number): Gap => ({
    venue: 'binance',
    symbol: 'BTCUSDT',
    first,
    last,
    missing: [{ first, last }],
    foundAtMicros: 0,
    recorded: true,
  })
  const { ids, changed } = followed({ first: 1, last: 20 }, [gap(5, 6), gap(5, 9)])
  assert.equal(ids.follow(5), 'new')
  assert.equal(ids.follow(6), 'new')
  assert.equal(ids.follow(6), 'repeat')
  assert.deepEqual(
    ids.openGaps.map(({ missing }) => missing),
    [[{ first: 7, last: 9 }]],
  )
  assert.equal(new Set(changed).size, 2)
})

test('a gap that a batch found which never arrived is followed, and found again it is the same one', () => {
  const ahead: Gap = {
    venue: 'binance',
    symbol: 'BTCUSDT',
    first: 12,
    last: 14,
    missing: [{ first: 12, last: 14 }],
    foundAtMicros: 0,
    recorded: true,
  }
  const again = followed({ first: 1, last: 11 }, [structuredClone(ahead)])
  assert.equal(again.ids.follow(15), 'new')
  assert.deepEqual(again.changed, [])
  assert.equal(again.ids.openGaps.length, 1)
  assert.equal(again.ids.follow(13), 'new')
  assert.deepEqual(countIds(again.ids.openGaps[0]!.missing), 2)

  const other = followed({ first: 1, last: 11 }, [structuredClone(ahead)])
  for (const id of [13, 14, 12]) assert.equal(other.ids.follow(id), 'new')
  assert.equal(other.ids.follow(13), 'repeat')
  assert.deepEqual(other.ids.openGaps, [])
})

test('an id before the first one seen is new, and what lies between is a gap', () => {
  const { ids, changed } = followed()
  for (const id of [10, 7]) assert.equal(ids.follow(id), 'new')
  assert.deepEqual(
    changed.map(({ first, last }) => [first, last]),
    [[8, 9]],
  )
})

test('in any order of arrival each id is new exactly once, and the gaps are exactly the ids not seen', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 200 }), arrivals => {
      const { ids } = followed()
      const seen = new Set<number>()
      for (const id of arrivals) {
        assert.equal(ids.follow(id), seen.has(id) ? 'repeat' : 'new')
        seen.add(id)
      }
      const [first, last] = [Math.min(...seen), Math.max(...seen)]
      const missing = ids.openGaps.reduce((sum, gap) => sum + countIds(gap.missing), 0)
      assert.equal(missing, last - first + 1 - seen.size)
    }),
  )
})

test('what is missing of a range is what no present id covers', () => {
  assert.deepEqual(missingOf({ first: 3, last: 9 }, []), [{ first: 3, last: 9 }])
  assert.deepEqual(missingOf({ first: 3, last: 9 }, [3, 5, 6, 9]), [
    { first: 4, last: 4 },
    { first: 7, last: 8 },
  ])
  assert.deepEqual(missingOf({ first: 3, last: 4 }, [3, 4]), [])
})
