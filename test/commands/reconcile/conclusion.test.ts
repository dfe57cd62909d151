/** What evidence amounts to, and what it leaves open, in words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conclude, describeRecorded, type Evidence } from '../../../src/commands/reconcile/conclusion.ts'
import type { MinutesProof } from '../../../src/commands/reconcile/minutes-proof.ts'

const IDS = { trades: 10, ids: 10, first: 1, last: 10, missing: 0, repaired: 0, restarts: 0 }
const RECORDED = {
  ids: IDS,
  gaps: [],
  hours: {},
  quotes: { compared: 0, equal: 0 },
  clock: { minutes: 0, seconds: null },
  recorders: [],
}
const MINUTES: MinutesProof = {
  unavailable: null,
  compared: { stated: 1_440, equal: 1_440, rounded: 0, different: 0, differences: [], columns: ['count'], inexact: 0 },
}
const EVIDENCE: Evidence = { recorded: RECORDED, minutes: MINUTES, file: null, sealed: null }

test('equal candles prove a day, unless our own ids show a loss or nothing of another hand was compared', () => {
  const proved = (changed: Partial<Evidence>) => conclude({ ...EVIDENCE, ...changed }).proved
  assert.equal(proved({}), true)
  assert.equal(proved({ minutes: null }), false)
  assert.equal(proved({ minutes: { ...MINUTES, unavailable: 'HTTP status 451' } }), false)
  assert.equal(proved({ minutes: { unavailable: null, compared: { ...MINUTES.compared!, equal: 1_439 } } }), false)
  assert.equal(proved({ recorded: { ...RECORDED, ids: { ...IDS, missing: 1 } } }), false)
  assert.equal(proved({ recorded: { ...RECORDED, ids: { ...IDS, missing: null } } }), true, 'ids that show nothing')
  const gap = { state: 'accepted', gaps: 1, missing: 3 }
  assert.equal(proved({ recorded: { ...RECORDED, gaps: [gap] } }), false)
  assert.equal(proved({ recorded: { ...RECORDED, gaps: [{ ...gap, state: 'repaired' }] } }), true)
  assert.equal(proved({ recorded: { ...RECORDED, ids: { ...IDS, trades: 0 } } }), false)
})

test('what nothing shows is always named', () => {
  const open = (changed: Partial<Evidence>) => conclude({ ...EVIDENCE, ...changed }).notProved.join('\n')
  assert.match(
    open({}),
    /file of the day: not compared\n.*quotes: none.*\n.*clock was not recorded\n.*transparency log.*\n.*another recorder/,
  )
  const clock = { minutes: 1_440, seconds: 0.001 }
  assert.doesNotMatch(open({ recorded: { ...RECORDED, clock } }), /clock/)
  assert.match(
    describeRecorded({ ...RECORDED, clock }).join('\n'),
    /^clock {3}within 1 ms of UTC in 1,440 of 1,440 minutes$/m,
  )
  assert.match(open({ recorded: { ...RECORDED, quotes: { compared: 9, equal: 7 } } }), /quotes: 2 differ/)
  assert.match(open({ recorded: { ...RECORDED, ids: { ...IDS, missing: null } } }), /ids do not show/)
})

test('a second recorder agrees, or what only one of them had is named', () => {
  const open = (recorders: Evidence['recorded']['recorders']) =>
    conclude({ ...EVIDENCE, recorded: { ...RECORDED, recorders } }).notProved.join('\n')
  const both = [
    { name: 'frankfurt', trades: 10, alone: 0 },
    { name: 'tokyo', trades: 10, alone: 0 },
  ]
  assert.doesNotMatch(open(both), /another recorder/)
  assert.match(open([both[0]!]), /another recorder received the same trades$/)
  const one = [both[0]!, { name: 'tokyo', trades: 12, alone: 2 }]
  assert.match(open(one), /another recorder received the same: 2 trades came by one only$/)
  assert.match(
    describeRecorded({ ...RECORDED, recorders: one }).join('\n'),
    /^lines {3}frankfurt had 10 trades, 0 of them alone; tokyo had 12 trades, 2 of them alone$/m,
  )
})
