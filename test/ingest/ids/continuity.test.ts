import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Gap, missingOf } from '../../../src/ingest/gaps/gap.ts'
import { IdRun, isPlausibleJump, type SeenRun } from '../../../src/ingest/ids/continuity.ts'

const MS = 1_000

/** A run that the tables hold from id `first` to `last`, a millisecond apart. */
function runOf(first: number, last: number, gaps: Gap[] = []) {
  const changed: Gap[] = []
  const context = { venue: 'binance', symbol: 'BTCUSDT', changed: (gap: Gap) => changed.push(gap), nowMicros: () => 0 }
  const seen: SeenRun = {
    run: 0,
    first,
    last,
    trades: last - first + 1,
    firstMicros: first * MS,
    newestMicros: last * MS,
  }
  return { run: new IdRun(context, seen, gaps), changed }
}

const gap = (first: number, last: number): Gap => ({
  venue: 'binance',
  symbol: 'BTCUSDT',
  run: 0,
  first,
  last,
  missing: [{ first, last }],
  foundAtMicros: 0,
  afterMicros: (first - 1) * MS,
  beforeMicros: (last + 1) * MS,
  recorded: true,
})

/** Takes the id of a trade a millisecond for each id, as one that may be of the run. */
function take(run: IdRun, id: number): boolean {
  if (run.holds(id)) return false
  if (run.fill(id, id * MS)) return true
  if (run.distance(id, id * MS) === undefined) return false
  run.extend(id, id * MS)
  return true
}

test('a hole is one gap, and an id that fills it is taken once', () => {
  const { run, changed } = runOf(1, 1)
  assert.ok(take(run, 5))
  assert.deepEqual(
    changed.map(({ first, last }) => [first, last]),
    [[2, 4]],
  )
  assert.ok(take(run, 3))
  assert.ok(!take(run, 3))
  assert.deepEqual(run.gaps[0]!.missing, [
    { first: 2, last: 2 },
    { first: 4, last: 4 },
  ])
  assert.ok(take(run, 2) && take(run, 4))
  assert.deepEqual(run.gaps, [])
})

test('an id before the first one seen is taken, and what lies between is a gap', () => {
  const { run, changed } = runOf(10, 10)
  assert.ok(take(run, 7))
  assert.deepEqual(
    changed.map(({ first, last }) => [first, last]),
    [[8, 9]],
  )
})

test('an id that two gaps miss is taken once: gaps overlap where records were lost before they were stored', () => {
  const { run, changed } = runOf(1, 20, [gap(5, 6), gap(5, 9)])
  assert.ok(take(run, 5) && take(run, 6))
  assert.ok(!take(run, 6))
  assert.deepEqual(
    run.gaps.map(({ missing }) => missing),
    [[{ first: 7, last: 9 }]],
  )
  assert.equal(new Set(changed).size, 2)
})

test('a gap that a batch found which never arrived is followed, and found again it is the same one', () => {
  const again = runOf(1, 11, [gap(12, 14)])
  assert.ok(!again.run.plain)
  assert.ok(take(again.run, 15))
  assert.deepEqual(again.changed, [])
  assert.equal(again.run.gaps.length, 1)
  assert.ok(take(again.run, 13))
  assert.equal(again.run.gaps[0]!.missing.length, 2)

  const other = runOf(1, 11, [gap(12, 14)])
  for (const id of [13, 14, 12]) assert.ok(take(other.run, id))
  assert.ok(!take(other.run, 13))
  assert.deepEqual(other.run.gaps, [])
  assert.ok(other.run.plain)
})

test('a gap is filled by trades of its time only', () => {
  const { run } = runOf(1, 10_000, [gap(500, 502)])
  assert.ok(!run.fill(501, 20_000 * MS), 'later than all before')
  assert.ok(!run.fill(501, 5_000 * MS), 'of a later part of the run')
  assert.ok(!run.fill(501, -5_000 * MS), 'of long before')
  assert.ok(run.fill(501, 501 * MS))
})

test('the id of a refused trade is neither missing nor held, and its good trade is taken once', () => {
  const { run, changed } = runOf(1, 10)
  assert.ok(run.refuse(11, 11 * MS))
  assert.ok(run.refuse(13, 13 * MS))
  assert.deepEqual(
    changed.map(({ first, last }) => [first, last]),
    [[12, 12]],
  )
  assert.ok(!run.holds(11))
  assert.ok(take(run, 11))
  assert.ok(run.holds(11) && !take(run, 11))
  assert.ok(run.refuse(12, 12 * MS), 'one that was missing has come')
  assert.deepEqual(run.gaps, [])
})

test('as many ids may be missing as a busy symbol trades in the time, and a million in any case', () => {
  assert.ok(isPlausibleJump(1_000_000, 0))
  assert.ok(!isPlausibleJump(1_000_001, 0))
  assert.ok(isPlausibleJump(5_000_000, 3_600e6))
  assert.ok(!isPlausibleJump(9e15, 365 * 86_400e6))
})

test('what is missing of a range is what no present id covers', () => {
  assert.deepEqual(missingOf({ first: 3, last: 9 }, []), [{ first: 3, last: 9 }])
  assert.deepEqual(missingOf({ first: 3, last: 9 }, [3, 5, 6, 9]), [
    { first: 4, last: 4 },
    { first: 7, last: 8 },
  ])
  assert.deepEqual(missingOf({ first: 3, last: 4 }, [3, 4]), [])
})
