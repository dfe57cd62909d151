import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseRetryAfter, readBannedUntil, reportsRateLimit, waitUntil } from '../../src/venues/retry-after.ts'

const NOW_MS = Date.parse('2026-11-22T16:00:00Z')
const DAY_MS = 86_400_000

test('Retry-After is seconds or a date in each form of RFC 9110, bounded, and never in the past', () => {
  assert.equal(parseRetryAfter('120', NOW_MS), 120_000)
  assert.equal(parseRetryAfter(' 1.5 ', NOW_MS), 1500)
  assert.equal(parseRetryAfter('Sun, 22 Nov 2026 16:01:00 GMT', NOW_MS), 60_000)
  assert.equal(parseRetryAfter('Sunday, 22-Nov-26 16:01:00 GMT', NOW_MS), 60_000)
  assert.equal(parseRetryAfter('Sun Nov 22 16:01:00 2026', NOW_MS), 60_000)
  assert.equal(parseRetryAfter('Sun, 22 Nov 2026 15:00:00 GMT', NOW_MS), 0)
  assert.equal(parseRetryAfter('9'.repeat(20), NOW_MS), 3 * DAY_MS)
})

test('what is neither is no wait, rather than none at all', () => {
  for (const text of ['soon', 'soon 5', '-5', '', 'Sun, 99 Nov 2026 16:00:00 GMT', undefined])
    assert.equal(parseRetryAfter(text, NOW_MS), undefined, text)
})

test('a date is counted by the server’s clock, whatever ours shows', () => {
  const skews = fc.integer({ min: -10 * DAY_MS, max: 10 * DAY_MS })
  fc.assert(
    fc.property(skews, fc.integer({ min: 0, max: 3600 }), (skewMs, seconds) => {
      const until = new Date(NOW_MS + seconds * 1000).toUTCString()
      assert.equal(parseRetryAfter(until, NOW_MS + skewMs, new Date(NOW_MS).toUTCString()), seconds * 1000)
    }),
  )
})

test('the end of a ban is read in ms or s out of an error’s text', () => {
  const text = 'Way too much request weight used; IP banned until 1573234432433. Please use WebSocket Streams.'
  assert.equal(readBannedUntil(text), 1573234432433)
  assert.equal(readBannedUntil('banned until 1573234432'), 1573234432000)
  assert.equal(readBannedUntil('until further notice, order 1573234432433'), undefined)
  assert.equal(waitUntil(1573234432433, 1573234372433), 60_000)
  assert.equal(waitUntil(undefined, NOW_MS), undefined)
})

test('texts that report a rate limit are distinguished from others', () => {
  const rates = [
    'Too many requests',
    'too much request weight',
    'Exceeded msg rate',
    'rate limit exceeded',
    'EAPI:Rate limit exceeded',
    'Connection limit reached',
    'throttled',
    'IP banned',
  ]
  for (const text of rates) assert.ok(reportsRateLimit(text), text)
  for (const text of ['', 'bye', 'Invalid request', 'going away', 'interest accrued', 'Currency pair not supported'])
    assert.ok(!reportsRateLimit(text), text)
})
