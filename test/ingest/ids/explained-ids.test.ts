/** Ids that a venue does not supply: the state of their gap, and trades that arrive all the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Gap, isOpen, listedGap, openOf, stateOf, unexplained } from '../../../src/ingest/gaps/gap.ts'
import { IdRun } from '../../../src/ingest/ids/continuity.ts'

const AT = 1.7e15

/** A run with ids 1 to 10 and 21 to 30. */
function runWithGap(): { run: IdRun; gap: Gap } {
  const context = { venue: 'binance', symbol: 'BTCUSDT', changed: () => {}, nowMicros: () => AT }
  const run = new IdRun(context, { run: 0, first: 1, last: 10, trades: 10, firstMicros: AT, newestMicros: AT + 10 }, [])
  run.extend(21, AT + 21)
  return { run, gap: run.gaps[0]! }
}

test('a gap is unrepairable once all that is missing is explained, and not before', () => {
  const { run, gap } = runWithGap()
  assert.deepEqual(stateOf(gap), { state: 'open', reason: 'trade ids skipped' })
  run.explain({ first: 11, last: 14, outcome: 'unrepairable', reason: 'gone', receivedAtMicros: AT })
  assert.equal(stateOf(gap).state, 'open')
  assert.deepEqual(unexplained(gap), [{ first: 15, last: 20 }])
  assert.deepEqual(listedGap(gap).missing, [[15, 20]], 'only the rest is requested')
  for (let id = 15; id <= 19; id++) assert.ok(run.fill(id, AT + id))
  run.explain({ first: 20, last: 40, outcome: 'unrepairable', reason: 'gone too', receivedAtMicros: AT })
  assert.deepEqual(stateOf(gap), { state: 'unrepairable', reason: 'gone too' })
  assert.equal(isOpen(gap), false)
})

test('a trade that arrives all the same fills its place, and the last one closes the gap', () => {
  const { run, gap } = runWithGap()
  run.explain({ first: 11, last: 20, outcome: 'unrepairable', reason: 'gone', receivedAtMicros: AT })
  for (let id = 11; id <= 19; id++) assert.ok(run.fill(id, AT + id))
  assert.equal(stateOf(gap).state, 'unrepairable')
  assert.ok(run.fill(20, AT + 20))
  assert.equal(stateOf(gap).state, 'repaired')
  assert.deepEqual(run.gaps, [])
})

test('a gap is accepted only where a person accepted all that is missing', () => {
  const { run, gap } = runWithGap()
  run.explain({ first: 11, last: 20, outcome: 'unrepairable', reason: 'gone', receivedAtMicros: AT })
  run.explain({ first: 11, last: 15, outcome: 'accepted', reason: 'maintenance', receivedAtMicros: AT })
  assert.equal(stateOf(gap).state, 'unrepairable')
  run.explain({ first: 16, last: 20, outcome: 'accepted', reason: 'known', receivedAtMicros: AT })
  assert.deepEqual(stateOf(gap), { state: 'accepted', reason: 'known' })
})

test('what a person requests again is open again, also after it was closed; what a person accepted is not', () => {
  const { run, gap } = runWithGap()
  const stated = (first: number, last: number, outcome: 'unrepairable' | 'accepted' | 'requested', at = 0) =>
    run.explain({ first, last, outcome, reason: outcome, receivedAtMicros: AT + at })
  stated(11, 20, 'unrepairable')
  assert.deepEqual(openOf(run.gaps), [])
  stated(15, 40, 'requested', 7)
  assert.equal(stateOf(gap).state, 'open')
  assert.deepEqual(openOf(run.gaps), [gap])
  assert.deepEqual(listedGap(gap).missing, [[15, 20]])
  assert.equal(listedGap(gap).requestedMicros, AT + 7)
  stated(15, 20, 'unrepairable')
  assert.equal(stateOf(gap).state, 'unrepairable')
  stated(11, 20, 'accepted')
  stated(11, 20, 'requested', 9)
  assert.equal(stateOf(gap).state, 'accepted')
})
