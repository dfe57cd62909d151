import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type FastifyInstance, fastify } from 'fastify'
import { serveHistory } from '../../../src/serve/page/history-routes.ts'
import type { LogEntriesAnswer, UptimeAnswer } from '../../../src/serve/page/protocol.ts'
import { Limiter } from '../../../src/serve/sql/limiter.ts'
import { openTestStore, type TestStore } from '../../support/data/storage.ts'

const MINUTE_MS = 60_000
const timeText = (ms: number) => new Date(ms).toISOString().slice(0, -1).replace('T', ' ')

let house: TestStore
let server: FastifyInstance
const turns = new Limiter({ runningMax: 1, waitingMax: 1, waitMsMax: 30_000 })
const nowMs = Math.floor(Date.now() / 10_000) * 10_000
const yesterdayMs = nowMs - 86_400_000

before(async () => {
  house = await openTestStore()
  server = fastify()
  serveHistory(server, house.store, turns)
  const line = (id: number, atMs: number, level: string, text: string) => ({
    at: timeText(atMs),
    process: 'ingest',
    instance: 'one',
    id,
    level,
    station: id % 2 ? 'ingest' : 'store',
    event: 'insert_failed',
    text,
    fields: {},
  })
  const lines = Array.from({ length: 450 }, (_, id) =>
    line(id, nowMs - (450 - Math.floor(id / 3) * 3) * 1_000, 'info', `line ${id} 100%_'"\\ <b>`),
  )
  for (const part of Map.groupBy(lines, ({ at }) => at.slice(0, 10)).values())
    await house.store.insertRows('events', part)
  await house.store.insertRows('events', [line(1_000, yesterdayMs - 9 * 86_400_000, 'error', 'Äußerst alt')])
  const stood = (atMs: number, recorded: boolean, instance: string) => ({
    at: timeText(atMs),
    instance,
    every_ms: 10_000,
    recorded,
    stored: true,
    sources: 'ok',
    log: 'ok',
    ingest: 'ok',
    store: 'ok',
    archive: 'ok',
  })
  for (const offset of [0, 1, 2, 3])
    await house.store.insertRows('uptime', [stood(nowMs - 20 * MINUTE_MS + offset * 10_000, offset !== 2, 'one')])
  // Another process writes a better sample for the same ten seconds.
  await house.store.insertRows('uptime', [stood(nowMs - 20 * MINUTE_MS + 25_000, true, 'two')])
  await house.store.insertRows('audits', [
    {
      log_partition: 1,
      log_day: '2026-11-25',
      passed: false,
      ticks: 5,
      distinct_ticks: 4,
      expected: 5,
      detail: 'twice',
      took_ms: 7,
    },
  ])
})
after(async () => {
  await server.close()
  await house.remove()
})

const get = async <T>(url: string): Promise<T> => {
  const answer = await server.inject({ url })
  assert.equal(answer.statusCode, 200, answer.body)
  return answer.json<T>()
}
const lines = (query: Record<string, string>) => get<LogEntriesAnswer>(`/api/lines?${new URLSearchParams(query)}`)

test('lines are paged backwards, none twice, none left out', async () => {
  const seen: string[] = []
  for (let before = String(nowMs + 1); seen.length < 450; ) {
    const answer = await lines({ before, text: 'line' })
    seen.unshift(...answer.lines.map(({ text }) => text))
    before = String(answer.searchedToMs)
  }
  assert.deepEqual(
    seen.map(text => Number(text.split(' ')[1])),
    Array.from({ length: 450 }, (_, id) => id),
  )
})

test('all words must occur, in any case and with any characters; level and stage narrow the result', async () => {
  const texts = async (query: Record<string, string>) => (await lines(query)).lines.map(({ text }) => text)
  assert.deepEqual(await texts({ text: 'LINE 449 %_' }), [`line 449 100%_'"\\ <b>`])
  assert.deepEqual(await texts({ text: `449 '"\\` }), [`line 449 100%_'"\\ <b>`])
  assert.deepEqual(await texts({ text: 'line 449 %%' }), [])
  assert.deepEqual(await texts({ level: 'error' }), ['Äußerst alt'])
  assert.deepEqual(await texts({ text: 'äUSSERST' }), [])
  assert.deepEqual(await texts({ text: 'äußerst ALT', station: 'store' }), ['Äußerst alt'])
  assert.deepEqual(await texts({ text: 'alt', station: "store' OR 1" }), [])
  assert.deepEqual(await texts({ text: 'insert_failed alt' }), ['Äußerst alt'])
})

test('an empty result has the time searched back to', async () => {
  const { lines: found, searchedToMs } = await lines({ text: 'nowhere', before: String(nowMs) })
  assert.deepEqual(found, [])
  assert.equal(nowMs - searchedToMs, 31 * 86_400_000)
})

test('uptime counts each ten seconds once, by their best sample', async () => {
  const { days, recent } = await get<UptimeAnswer>('/api/uptime?days=2')
  const sum = (of: 'covered' | 'recorded' | 'stored', list: UptimeAnswer['days']) =>
    list.reduce((total, each) => total + each[of], 0)
  for (const list of [days, recent]) {
    assert.equal(sum('covered', list), 40)
    assert.equal(sum('recorded', list), 40)
    assert.equal(sum('stored', list), 40)
  }
  assert.ok(days.every(({ startMs }) => startMs % 86_400_000 === 0))
  assert.ok(recent.every(({ startMs }) => startMs % 900_000 === 0))
})

test('the last audit of each partition, and no segments while nothing is archived', async () => {
  const [audit] = await get<Record<string, unknown>[]>('/api/audits')
  assert.deepEqual(
    { ...audit, atMs: 0 },
    { partition: 1, atMs: 0, passed: false, ticks: 5, detail: 'twice', tookMs: 7 },
  )
  assert.deepEqual(await get('/api/slices'), [])
})

test('the gaps that miss trades, with their causes, newest first', async () => {
  assert.deepEqual(await get('/api/gaps'), [])
  const gap = (first_id: string, state: string, found_at: string) => ({
    ...{
      venue: 'binance',
      symbol: 'BTCUSDT',
      first_id,
      last_id: first_id,
      missing: 1,
      state,
      found_at,
      changed_at: found_at,
    },
    ...{ reason: 'trade ids skipped', id_run: 0 },
  })
  const at = '2026-11-22 12:00:0'
  await house.store.insertRows('gaps', [
    gap('9007199254740993', 'open', `${at}2`),
    gap('7', 'unrepairable', `${at}1`),
    gap('5', 'repaired', `${at}3`),
  ])
  const key = { venue: 'binance', symbol: 'BTCUSDT', first_id: 7, last_id: 7, id_run: 0, refused: 0 }
  const cause = {
    cause: 'connection',
    detail: 'connection lost at 12:00:00',
    gap_changed_at: `${at}1`,
    evaluated_at: `${at}4`,
  }
  await house.store.insertRows('gap_causes', [{ ...key, ...cause }])
  const rows = await get<Record<string, unknown>[]>('/api/gaps')
  assert.deepEqual(
    rows.map(({ first, state, cause, detail, missing }) => ({ first, state, cause, detail, missing })),
    [
      { first: '9007199254740993', state: 'open', cause: '', detail: '', missing: 1 },
      { first: '7', state: 'unrepairable', cause: 'connection', detail: 'connection lost at 12:00:00', missing: 1 },
    ],
  )
})

test('a level that there is none and a time that is none are refused', async () => {
  for (const url of ['/api/lines?level=loud', '/api/lines?before=now', '/api/uptime?days=-1'])
    assert.notEqual((await server.inject({ url })).statusCode, 200)
})

test('no more queries run than the limiter has slots; beyond its queue they are refused', async () => {
  const others = Promise.withResolvers<void>()
  const running = turns.run(() => others.promise)
  const waiting = turns.run(async () => {})
  for (const url of ['/api/lines', '/api/uptime', '/api/audits', '/api/gaps', '/api/slices'])
    assert.match((await server.inject({ url })).body, /1 queries already wait/, url)
  others.resolve()
  await Promise.all([running, waiting])
  assert.equal((await server.inject({ url: '/api/lines' })).statusCode, 200)
})
