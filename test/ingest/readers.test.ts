import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Readers } from '../../src/ingest/readers.ts'

function made() {
  const clock = { nowMs: 0, elapsedMs: () => clock.nowMs }
  return { clock, readers: new Readers({ readMs: 150, unreadMs: 1_000 }, clock) }
}

test('batches grow old while nobody reads, and not for 10 s after a read', () => {
  const { clock, readers } = made()
  assert.equal(readers.ageMsMax, 1_000)
  assert.equal(readers.note(), true)
  assert.equal(readers.ageMsMax, 150)
  clock.nowMs = 9_000
  assert.equal(readers.note(), false, 'ticks have not waited')
  clock.nowMs = 19_000
  assert.equal(readers.ageMsMax, 150)
  clock.nowMs = 19_001
  assert.equal(readers.ageMsMax, 1_000)
  assert.equal(readers.note(), true)
})

test('who stays reads until the last one has left, however often it says so', () => {
  const { clock, readers } = made()
  const [first, second] = [readers.stay(), readers.stay()]
  clock.nowMs = 100_000
  assert.equal(readers.note(), false)
  clock.nowMs = 200_000
  first()
  first()
  assert.equal(readers.ageMsMax, 150)
  second()
  assert.equal(readers.ageMsMax, 1_000)
})
