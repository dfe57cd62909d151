import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RefusedQueries } from '../../../src/serve/sql/refused-queries.ts'
import { EventLog } from '../../support/judges/event-log.ts'

test('refused statements are reported once a minute for each reason, with the number left out', () => {
  const events = new EventLog()
  let nowMs = 0
  const refused = new RefusedQueries(events.emit, () => nowMs)
  for (let times = 0; times < 100; times++) refused.report('READONLY', 'no')
  refused.report('SYNTAX_ERROR', 'what')
  nowMs = 60_000
  refused.report('READONLY', 'no')
  assert.deepEqual(
    events.emitted.map(({ fields }) => [fields.reason, fields.leftOut]),
    [
      ['READONLY', 0],
      ['SYNTAX_ERROR', 0],
      ['READONLY', 99],
    ],
  )
})

test('any number of reasons causes a bounded number of events', () => {
  const events = new EventLog()
  const refused = new RefusedQueries(events.emit, () => 0)
  for (let times = 0; times < 5000; times++) refused.report(`reason ${times}`, 'no')
  assert.equal(events.emitted.length, 101)
})
