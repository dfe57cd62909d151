/** Coverage over HTTP, and as `tickhouse coverage` prints it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fastify } from 'fastify'
import { describe, rowsOf } from '../../../src/commands/running/coverage.ts'
import { fillDays } from '../../../src/coverage/days.ts'
import { serveCoverage } from '../../../src/serve/page/coverage-routes.ts'
import { Limiter } from '../../../src/serve/sql/limiter.ts'
import { openTestStore } from '../../support/data/storage.ts'

test('hours are answered by symbol, day and hour, as JSON and CSV, with the number of incomplete ones', async t => {
  const { store, remove } = await openTestStore()
  const server = fastify()
  t.after(async () => {
    await server.close()
    await remove()
  })
  serveCoverage(server, store, new Limiter({ runningMax: 1, waitingMax: 4, waitMsMax: 30_000 }))
  const row = (symbol: string, hour: string, condition: string, cause: string, missing = 0) => ({
    ...{ kind: 'trades', venue: 'binance', symbol, hour, condition, cause, ids: 'dense', ticks: 5, missing },
    ...{ adjoins: 'yes', gaps_open: missing > 0 ? 1 : 0, recorded_seconds: 3_600, computed_at: '2026-11-27 00:00:00' },
  })
  await store.insertRows('coverage', [
    row('BTCUSDT', '2026-11-21 23:00:00', 'proved', 'ids_dense'),
    row('BTCUSDT', '2026-11-22 00:00:00', 'degraded', 'gap_open', 7),
    row('BTCUSDT', '2026-11-22 01:00:00', 'proved', 'ids_dense'),
    row('ETH_USD', '2026-11-22 01:00:00', 'proved', 'ids_dense'),
  ])
  await fillDays(store)
  const get = (query: string) => server.inject(`/api/coverage?${query}`)
  const brief = (rows: Record<string, unknown>[]) =>
    rows.map(({ symbol, start, condition, cause, missing }) => [symbol, start, condition, cause, Number(missing)])

  const days = await get('by=day')
  assert.equal(Number(days.headers['tickhouse-hours']), 4)
  assert.equal(Number(days.headers['tickhouse-incomplete-hours']), 1)
  assert.deepEqual(brief(days.json()), [
    ['BTCUSDT', '2026-11-21', 'proved', 'ids_dense', 0],
    ['BTCUSDT', '2026-11-22', 'degraded', 'gap_open', 7],
    ['ETH_USD', '2026-11-22', 'proved', 'ids_dense', 0],
  ])
  const symbols = await get('by=symbol&sources=binance:BTC*')
  assert.deepEqual(brief(symbols.json()), [['BTCUSDT', undefined, 'degraded', 'gap_open', 7]])
  assert.deepEqual(describe(symbols.json(), { hours: 3, incomplete: 1, countedBefore: 1_795_651_200 }), [
    'binance  BTCUSDT  trades  degraded  1 h degraded, 2 h proved  15 ticks  7 trade ids are missing, and may still be supplied',
    '',
    '3 hours, 1 of them degraded or missing. Hours from 2026-11-26T00:00Z on are pending.',
  ])
  const asCsv = rowsOf((await get('by=symbol&format=csv&sources=binance:BTC*')).body)
  const totals = { hours: 3, incomplete: 1, countedBefore: 1_795_651_200 }
  assert.deepEqual(describe(asCsv, totals), describe(symbols.json(), totals), 'the command reads CSV')
  // Only part of the second day.
  const part = await get(`by=day&sources=binance:BTC*&from=1795302000&to=1795309200`)
  assert.equal(Number(part.headers['tickhouse-hours']), 2)
  assert.deepEqual(
    part
      .json()
      .map(({ start, condition, ticks, hours_proved, hours_degraded }: Record<string, unknown>) => [
        start,
        condition,
        Number(ticks),
        hours_proved,
        hours_degraded,
      ]),
    [
      ['2026-11-21', 'proved', 5, 1, 0],
      ['2026-11-22', 'degraded', 5, 0, 1],
    ],
  )
  // An underscore is no pattern.
  assert.deepEqual((await get('by=symbol&sources=binance:ETH_US*')).json().length, 1)
  assert.deepEqual((await get('by=symbol&sources=binance:ETH_US_')).json().length, 0)
  const csv = await get('by=hour&format=csv&from=1795305600&sources=binance:btcusdt')
  assert.match(csv.headers['content-type'] as string, /^text\/csv/)
  assert.deepEqual(
    csv.body
      .trim()
      .split('\n')
      .map(line => line.split(',').slice(2, 6).join(' ')),
    [
      '"symbol" "start" "condition" "cause"',
      '"BTCUSDT" "2026-11-22T00:00:00Z" "degraded" "gap_open"',
      '"BTCUSDT" "2026-11-22T01:00:00Z" "proved" "ids_dense"',
    ],
  )
  const grid = (await server.inject('/api/coverage/grid?from=1795219200&to=1795392000')).json()
  assert.deepEqual(grid.rows, [
    { kind: 'trades', venue: 'binance', symbol: 'BTCUSDT', days: '26' },
    { kind: 'trades', venue: 'binance', symbol: 'ETH_USD', days: '02' },
  ])
  assert.ok((await get('by=week')).statusCode >= 400)
})

test('a table of more rows than a call may have arguments, and symbols with commas and quotes', () => {
  const named = rowsOf('"symbol","cause","ticks"\n"A,B","C""D",7\n"E","F",8\n')
  assert.deepEqual(
    named.map(row => ({ ...row })),
    [
      { symbol: 'A,B', cause: 'C"D', ticks: '7' },
      { symbol: 'E', cause: 'F', ticks: '8' },
    ],
  )
  const row = { kind: 'trades', venue: 'binance', symbol: 'BTCUSDT', condition: 'proved', cause: 'ids_dense' } as const
  const rows = Array.from({ length: 365_000 }, () => ({ ...row, ticks: 1, hours_proved: 24 }))
  const lines = describe(rows, { hours: 24 * rows.length, incomplete: 0, countedBefore: 0 })
  assert.equal(lines.length, rows.length + 2)
  assert.match(lines[0]!, /^binance {2}BTCUSDT {2}trades {2}proved {2}24 h {2}1 ticks {2}ids are dense/)
})
