import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Announcement } from '../../../src/log/status-board.ts'
import { Handover } from '../../../src/sources/handover/handover.ts'
import { REQUESTS } from '../../../src/sources/handover/messages.ts'
import { RECORDERS } from '../../../src/sources/status.ts'

/** Whether a recorder sees another one of its selection on a board. */
function seesPeer(announcements: readonly Announcement[]): boolean {
  const board = {
    announce: async () => {},
    announcements: (prefix = '') => announcements.filter(({ key }) => key.startsWith(prefix)),
    unreachableSinceMs: () => null,
  }
  const named = { key: 'this one', instance: 'i', of: 'simulator:A', waitMs: 1, emit: () => {} }
  const feeds = { status: () => [], symbolStates: () => [] }
  return new Handover({ ...named, board, feeds, recorder: { onAppended: undefined } }).hasPeer
}

const reported = (ageMs: number): Announcement => ({
  key: `${RECORDERS}another`,
  atMs: Date.now() - ageMs,
  body: { instance: 'j', selection: { configured: 'simulator:A', outcomes: [] }, repairs: [] },
})
const requested = (state: string, ageMs: number): Announcement => ({
  key: `${REQUESTS}another`,
  atMs: Date.now() - ageMs,
  body: { id: '1', instance: 'j', of: 'simulator:A', state },
})

test('a recorder that has left is not waited for, also where its last report was noticed after that', () => {
  assert.equal(seesPeer([]), false)
  assert.equal(seesPeer([reported(0)]), true)
  assert.equal(seesPeer([reported(0), requested('stays', 60_000)]), true)
  assert.equal(seesPeer([reported(60_000)]), false)
  for (const ageMs of [0, 5_000, 60_000]) assert.equal(seesPeer([reported(0), requested('left', ageMs)]), false)
})
