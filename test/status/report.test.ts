import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { parseConfig } from '../../src/config.ts'
import { Ingest } from '../../src/ingest/ingest.ts'
import type { OpenLog } from '../../src/log/log.ts'
import { openLog } from '../../src/log/open.ts'
import { limitsOf, venuesOf } from '../../src/modes/ingest-settings.ts'
import { LocalIngest } from '../../src/status/local-ingest.ts'
import { StatusReport } from '../../src/status/report.ts'
import type { Store } from '../../src/store/store.ts'
import { openTestStore } from '../support/data/storage.ts'
import { tradesOf } from '../support/data/trades.ts'

function reportOf(log: OpenLog, store: Store, storing: Ingest): StatusReport {
  return new StatusReport({ log, store, ingest: new LocalIngest(storing, log), archive: () => null })
}

test('a store that does not answer blocks no report, which has the last known sizes; one that is away is in trouble', async t => {
  const { store, directory, remove } = await openTestStore()
  const log = await openLog(`sqlite:${path.join(directory, 'log')}`, 'write')
  t.after(async () => {
    await log.close()
    await remove()
  })
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
  const config = parseConfig({}, {})
  const place = { limits: limitsOf(config), venues: venuesOf(config), log, store }
  const { promise: stored, resolve } = Promise.withResolvers<void>()
  const storing = new Ingest({ ...place, emit: () => {} })
  storing.onStored = () => resolve()
  await log.append(0, [tradesOf('binance', [{ symbol: 'BTCUSDT', tradeId: 1, price: 1, volume: 1, side: 'buy' }])])
  const report = reportOf(log, store, storing)
  storing.start()
  await stored
  const before = (await report.report()).store
  assert.deepEqual([before.state, before.kinds.trades.ticks], ['ok', 1])
  await storing.stop()

  const slow = t.mock.method(store, 'size', () => new Promise(() => {}))
  t.mock.timers.tick(3_000)
  assert.equal((await report.report()).store.kinds.trades.ticks, 1)
  slow.mock.restore()

  const closed = reportOf(log, store, storing)
  await store.close()
  const { store: away } = await closed.report()
  assert.equal(away.state, 'trouble')
  assert.match(away.advice, /does not answer: the store is closed/)
})

test('a process without a partition is idle; of several, the storing one has the insert time', async t => {
  const { store, directory, remove } = await openTestStore()
  const log = await openLog(`sqlite:${path.join(directory, 'log')}?partitions=2`, 'write')
  t.after(async () => {
    await log.close()
    await remove()
  })
  const config = parseConfig({}, {})
  const { promise: stored, resolve } = Promise.withResolvers<void>()
  const place = { limits: limitsOf(config), venues: venuesOf(config), log, store }
  const storing = new Ingest({ ...place, emit: () => {} })
  storing.onStored = () => resolve()
  const report = reportOf(log, store, storing)
  assert.equal((await report.report()).ingest.state, 'idle')
  storing.start()
  await log.append(1, [tradesOf('binance', [{ symbol: 'BTCUSDT', tradeId: 1, price: 1, volume: 1, side: 'buy' }])])
  await stored
  const { ingest } = await report.report()
  assert.equal(ingest.state, 'ok')
  assert.ok(ingest.insertMs!.p50 > 0)
  await storing.stop()
})
