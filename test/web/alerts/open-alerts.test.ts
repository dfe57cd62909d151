import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openAlerts, wellRatio } from '../../../web/src/alerts/open-alerts.ts'

const alert = (name: string, severity: 'warning' | 'critical', sinceMs: number) => ({
  name,
  severity,
  sinceMs,
  title: name,
  what: '',
  affected: [],
  next: '',
  page: '',
  silencedUntilMs: null,
})

test('the worst and oldest come first, and what two watchers tell is shown once, since the first saw it', () => {
  const reports = [
    { open: [alert('archive_behind', 'warning', 1), alert('stale', 'critical', 5)] },
    { open: [alert('stale', 'critical', 3), alert('house_down', 'critical', 4)] },
  ]
  assert.deepEqual(
    openAlerts(reports).map(({ name, sinceMs }) => [name, sinceMs]),
    [
      ['stale', 3],
      ['house_down', 4],
      ['archive_behind', 1],
    ],
  )
})

test('days watched for longer weigh more', () => {
  const availability = [
    { day: '2026-11-24', ratio: 1, watchedMs: 3_000 },
    { day: '2026-11-25', ratio: 0, watchedMs: 1_000 },
  ]
  assert.equal(wellRatio({ availability }), 0.75)
  assert.equal(wellRatio({ availability: [] }), null)
})
