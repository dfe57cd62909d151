import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LastSeen } from '../../src/telemetry/last-seen.ts'

test('a report from before the clock was set back does not stay young until the clock has caught up', async t => {
  const heard = new LastSeen()
  const saidAtMs = Date.now() - 5_000
  assert.ok(heard.ageMs('a', saidAtMs) >= 5_000)
  const now = saidAtMs - 3_600_000
  t.mock.method(Date, 'now', () => now)
  assert.ok(heard.ageMs('a', saidAtMs) >= 5_000)
  assert.ok(heard.ageMs('a', saidAtMs - 1) < 100, 'what is new is young')
  const first = heard.ageMs('b', saidAtMs)
  await new Promise(resolve => setTimeout(resolve, 20))
  assert.ok(first >= 0 && heard.ageMs('b', saidAtMs) >= first + 15, 'and grows older')
})
