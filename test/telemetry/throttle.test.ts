import assert from 'node:assert/strict'
import { test } from 'node:test'
import { throttleEvents } from '../../src/telemetry/throttle.ts'

test('each event is emitted once a minute, with its fields then', t => {
  let nowMs = 5
  t.mock.method(performance, 'now', () => nowMs)
  const told: string[] = []
  const emit = throttleEvents((event, fields) => told.push(`${event} ${fields.why}`))
  emit('page_failed', { why: 'first' })
  emit('page_failed', { why: 'again' })
  emit('upkeep_failed', { why: 'another' })
  nowMs += 59_999
  emit('page_failed', { why: 'still' })
  nowMs += 1
  emit('page_failed', { why: 'after a minute' })
  assert.deepEqual(told, ['page_failed first', 'upkeep_failed another', 'page_failed after a minute'])
})
