/** The runs of the lab over HTTP, as the page gets them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fastify } from 'fastify'
import { listRuns } from '../../../src/lab/stored/list-runs.ts'
import type { LabRun, LabRunDetail } from '../../../src/serve/lab/protocol.ts'
import { serveLab } from '../../../src/serve/lab/routes.ts'
import { Limiter } from '../../../src/serve/sql/limiter.ts'
import { CONTRACT, LIVE_RUN, labRows } from '../../support/data/lab-rows.ts'
import { openTestStore } from '../../support/data/storage.ts'

const NOW = Date.parse('2026-11-27T18:00:00Z')

test('a run is answered with its state, curves, positions, limits, orders and newest verification', async t => {
  const { store, remove } = await openTestStore()
  const server = fastify()
  t.after(async () => {
    await server.close()
    await remove()
  })
  serveLab(server, store, new Limiter({ runningMax: 1, waitingMax: 4, waitMsMax: 30_000 }), () => undefined)
  assert.deepEqual((await server.inject('/api/lab/runs')).json(), [])
  assert.equal((await server.inject('/api/lab/run')).statusCode, 404)

  const rows = labRows(NOW)
  for (const [table, own] of rows) {
    const answer = await server.inject({ method: 'POST', url: '/api/lab/rows', payload: { table, rows: own } })
    assert.equal(answer.statusCode, 200, answer.body)
  }
  const older = {
    ...rows.get('lab_verifications')![0]!,
    at: '2026-11-26 01:00:00',
    difference: 'lab_equity: 2 only stored',
  }
  await store.insertRows('lab_verifications', [older])

  const runs = (await server.inject('/api/lab/runs')).json() as LabRun[]
  assert.deepEqual(
    runs.map(({ run, mode, verification }) => [run, mode, verification?.difference]),
    [
      [LIVE_RUN, 'live', ''],
      ['study-7', 'run', 'lab_fills: 1 only stored'],
      ['study-6', 'run', undefined],
    ],
    'the live one first, then the newest',
  )
  assert.equal(runs[0]!.verification!.rows, 48_213)
  assert.deepEqual(
    runs[0]!.strategies.map(({ strategy, off }) => [strategy, off?.limit]),
    [
      ['flow', 'drawdown'],
      ['hold', undefined],
      ['trend', undefined],
      ['vwap', undefined],
    ],
  )

  const answer = await server.inject(`/api/lab/run?run=${LIVE_RUN}`)
  assert.equal(answer.statusCode, 200, answer.body)
  const detail = answer.json() as LabRunDetail
  assert.deepEqual(detail.run, runs[0])
  for (const { strategy, atMs, result, holding, drawdown } of detail.curves) {
    assert.ok(atMs.length > 300 && atMs.length <= 600 && holding.length === atMs.length, `${atMs.length}`)
    const marks = rows.get('lab_equity')!.filter(row => row.run === LIVE_RUN && row.strategy === strategy)
    const equity = marks.map(row => Number(row.equity))
    const { capital } = runs[0]!.strategies.find(each => each.strategy === strategy)!
    assert.ok(Math.abs(result.at(-1)! - (equity.at(-1)! / capital - 1)) < 1e-12)
    assert.ok(Math.abs(holding.at(-1)! - (Number(marks.at(-1)!.holding) - 1)) < 1e-12)
    assert.equal(atMs.at(-1), NOW)
    let [high, worst] = [0, 0]
    for (const value of equity) {
      high = Math.max(high, value)
      worst = Math.max(worst, 1 - value / high)
    }
    assert.ok(Math.abs(drawdown - worst) < 1e-12, 'of all marks, not of the points alone')
  }
  assert.deepEqual(
    detail.positions.map(({ strategy, symbol, quantity }) => [strategy, symbol, quantity]),
    [
      ['hold', 'BTCUSDT', 1.64],
      ['trend', 'BTCUSDT', 0.431],
      ['vwap', 'ETHUSDT', -1.32],
    ],
  )
  for (const { contract } of detail.positions) assert.deepEqual(contract, CONTRACT)
  assert.deepEqual(
    detail.limits.map(({ strategy, limit, bound }) => [strategy, limit, bound]),
    [
      [null, 'daily_loss', 3_000],
      [null, 'drawdown', 0.02],
      ['trend', 'position', 30_000],
      ['trend', 'daily_loss', 2_000],
      ['trend', 'drawdown', 0.1],
      ['vwap', 'gross', 20_000],
      ['vwap', 'drawdown', 0.05],
      ['flow', 'order', 2_500],
      ['flow', 'drawdown', 0.02],
    ],
  )
  const used = (strategy: string | null, limit: string) =>
    detail.limits.find(each => each.strategy === strategy && each.limit === limit)!.used
  assert.equal(used('trend', 'position'), 26_400)
  assert.equal(used('vwap', 'gross'), 4_100)
  assert.equal(used('flow', 'order'), null, 'an order is checked alone')
  const ofDay = rows
    .get('lab_equity')!
    .filter(row => row.run === LIVE_RUN && row.strategy === 'trend' && String(row.at).startsWith('2026-11-27'))
  const lost = Number(ofDay[0]!.equity) - Number(ofDay.at(-1)!.equity)
  assert.ok(Math.abs(used('trend', 'daily_loss')! - Math.max(0, lost)) < 1e-6, 'since the first mark of the day')
  const sums = new Map<string, number>()
  for (const { run, at, equity } of rows.get('lab_equity')!)
    if (run === LIVE_RUN) sums.set(String(at), (sums.get(String(at)) ?? 0) + Number(equity))
  const last = [...sums.values()].at(-1)!
  const fall = 1 - last / Math.max(...sums.values())
  assert.ok(fall > 0 && Math.abs(used(null, 'drawdown')! - fall) < 1e-12, 'of the sum of all strategies')
  const [first] = [...sums].find(([at]) => at.startsWith('2026-11-27'))!
  assert.ok(Math.abs(used(null, 'daily_loss')! - Math.max(0, sums.get(first)! - last)) < 1e-6)
  const times = detail.fills.map(({ atMs }) => atMs)
  assert.ok(times.length === 100 && times.every((time, at) => at === 0 || time <= times[at - 1]!), 'newest first')
  assert.equal(typeof detail.fills[0]!.isMaker, 'boolean')
  assert.ok(detail.orders.some(({ state, reason }) => state === 'refused' && reason === 'position'))
  const listed = await listRuns((query, format) => store.untrusted(query, format))
  assert.match(
    listed.join('\n'),
    /paper-2026-11-27-1 .* equal\n.*study-7 .* differs: lab_fills: 1 only stored\n.*study-6 .* –$/,
  )
  assert.ok(detail.breaches.some(({ action }) => action === 'flattened, off'))
})
