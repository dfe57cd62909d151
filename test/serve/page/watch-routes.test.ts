import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type FastifyInstance, fastify } from 'fastify'
import { serveWatchReports, WatchReports } from '../../../src/serve/page/watch-routes.ts'
import type { WatchReport } from '../../../src/status/watch-report.ts'

const ALERT = {
  name: 'house_down',
  severity: 'critical',
  title: '<b>no</b> answer',
  what: 'It does not answer.',
  sinceMs: 1,
  affected: ['binance BTCUSDT'],
  next: 'Look.',
  page: 'docs/watch.md#house_down',
  silencedUntilMs: null,
} as const
const report = (watcher: string, more: Partial<WatchReport> = {}): WatchReport => ({
  watcher,
  startedAtMs: 1,
  atMs: 2,
  open: [ALERT],
  availability: [{ day: '2026-11-25', ratio: 0.5, watchedMs: 1_000 }],
  ...more,
})

const reports = new WatchReports()
let server: FastifyInstance
before(() => {
  server = fastify()
  serveWatchReports(server, reports)
})
after(() => server.close())
const put = async (payload: unknown) =>
  (await server.inject({ method: 'PUT', url: '/api/watch', payload: payload as object })).statusCode

test('a report is kept as it came, and replaced by the next of the same watcher', async () => {
  assert.equal(await put(report('outside')), 204)
  assert.equal(await put(report('outside', { open: [] })), 204)
  assert.equal(await put(report('elsewhere')), 204)
  assert.deepEqual(reports.current(Date.now()), [report('outside', { open: [] }), report('elsewhere')])
})

test('what is no report is refused and changes nothing', async () => {
  const { version } = reports
  for (const wrong of [
    {},
    report(''),
    { ...report('x'), more: 1 },
    report('x', { open: Array(51).fill(ALERT) }),
    report('x', { open: [{ ...ALERT, title: 'x'.repeat(2_001) }] }),
    report('x', { availability: [{ day: '25.11.2026', ratio: 2, watchedMs: -1 }] }),
  ])
    assert.equal(await put(wrong), 400)
  assert.equal(reports.version, version)
})

test('watchers that fell silent are forgotten, and no more than eight are remembered', () => {
  const held = new WatchReports()
  for (let index = 0; index < 10; index++) held.take(report(`w${index}`), 1_000 * index)
  assert.deepEqual(
    held.current(9_000).map(({ watcher }) => watcher),
    ['w2', 'w3', 'w4', 'w5', 'w6', 'w7', 'w8', 'w9'],
  )
  assert.deepEqual(held.current(2_000 + 10 * 60_000).length, 8)
  assert.deepEqual(
    held.current(8_500 + 10 * 60_000).map(({ watcher }) => watcher),
    ['w9'],
  )
})
