import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Gap } from '../../../src/ingest/gaps/gap.ts'
import { IdRun } from '../../../src/ingest/ids/continuity.ts'

function runFrom(first: number, last: number): { run: IdRun; gaps: Set<Gap> } {
  const gaps = new Set<Gap>()
  const context = { venue: 'v', symbol: 's', changed: (gap: Gap) => gaps.add(gap), nowMicros: () => 0 }
  const seen = { run: 0, first, last, trades: last - first + 1, firstMicros: 0, newestMicros: last }
  return { run: new IdRun(context, seen, []), gaps }
}

/** The ids that gaps miss, each as often as a gap misses it. */
const missingIn = (gaps: Iterable<Gap>): number[] =>
  [...gaps]
    .flatMap(({ missing }) => missing)
    .flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, at) => first + at))
    .sort((a, b) => a - b)

test('announced trades that never came are a gap before any trade comes behind them', () => {
  const { run, gaps } = runFrom(1, 100)
  run.announce(101, 105)
  assert.deepEqual(missingIn(gaps), [101, 102, 103, 104, 105])
  run.announce(90, 105)
  run.announce(104, 107)
  assert.deepEqual(missingIn(gaps), [101, 102, 103, 104, 105, 106, 107], 'what is known already is not told twice')
  run.extend(110, 110)
  assert.deepEqual(missingIn(gaps), [101, 102, 103, 104, 105, 106, 107, 108, 109])
  assert.equal(run.fill(103, 103), true, 'one of them comes late')
  assert.deepEqual(missingIn(gaps), [101, 102, 104, 105, 106, 107, 108, 109])
})

test('announced trades are missing in one gap also where a trade beyond them comes after a start', () => {
  const { run, gaps } = runFrom(1, 100)
  run.announce(101, 105)
  const context = { venue: 'v', symbol: 's', changed: (gap: Gap) => gaps.add(gap), nowMicros: () => 0 }
  const seen = { run: 0, first: 1, last: 100, trades: 100, firstMicros: 0, newestMicros: 100 }
  const restarted = new IdRun(context, seen, [...gaps])
  restarted.announce(104, 107)
  restarted.extend(110, 110)
  assert.deepEqual(missingIn(gaps), [101, 102, 103, 104, 105, 106, 107, 108, 109])
})

test('an absurd announcement opens nothing', () => {
  const { run, gaps } = runFrom(1, 100)
  run.announce(101, 9_000_000_000_000_000)
  assert.equal(gaps.size, 0)
})

test('whatever is announced and whatever comes: each id that did not come is missing in one gap, and no other is', () => {
  const step = fc.record({
    announce: fc.boolean(),
    skip: fc.integer({ min: 0, max: 4 }),
    count: fc.integer({ min: 1, max: 6 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), steps => {
      const { run, gaps } = runFrom(1, 10)
      const came = new Set(Array.from({ length: 10 }, (_, at) => at + 1))
      let announced = 10
      for (const { announce, skip, count } of steps) {
        if (announce) {
          announced = Math.max(announced, run.last + count)
          run.announce(run.last + 1, run.last + count)
          continue
        }
        const id = run.last + 1 + skip
        if (skip === 0 && run.plain) run.advance(id)
        else run.extend(id, id)
        came.add(id)
      }
      const expected = Array.from({ length: Math.max(run.last, announced) }, (_, at) => at + 1).filter(
        id => !came.has(id),
      )
      assert.deepEqual(missingIn(gaps), expected)
    }),
    { numRuns: 500 },
  )
})
