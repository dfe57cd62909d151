import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseConfig } from '../../src/config.ts'
import { TickhouseError } from '../../src/errors.ts'
import { Ingest } from '../../src/ingest/ingest.ts'
import { Readers } from '../../src/ingest/readers.ts'
import { limitsOf, venuesOf } from '../../src/modes/ingest-settings.ts'
import { openBoth } from '../support/data/storage.ts'
import { storeAll } from '../support/data/storing.ts'
import { tradesOf } from '../support/data/trades.ts'
import { EventLog } from '../support/judges/event-log.ts'

const trade = (tradeId: number) => ({ symbol: 'BTCUSDT', tradeId, price: 1, volume: 1, side: 'buy' as const })

test('a stop whose audit cannot be kept says so and stops all the same', { timeout: 120_000 }, async t => {
  const { log, store } = await openBoth(t)
  await log.append(0, [tradesOf('binance', [trade(1)])])
  const insertRows = store.insertRows.bind(store)
  store.insertRows = async (table, rows) => {
    if (table === 'audits') throw new TickhouseError('disk_full', 'no space', 'make room', { retryable: true })
    return insertRows(table, rows)
  }
  const events = new EventLog()
  const storing = await storeAll(log, store, { emit: events.emit })
  assert.deepEqual(events.named('upkeep_failed'), [{ why: 'no space' }])
  assert.equal(storing.partitions[0]!.mode, 'stopped')
})

test('what an audit found wrong is found again until it is mended, also by audits of new records', async t => {
  const { log, store } = await openBoth(t)
  await log.append(0, [tradesOf('binance', [trade(1)])])
  const config = parseConfig({}, {})
  const assignRun = { limits: limitsOf(config), venues: venuesOf(config), log, store }
  const events = new EventLog()
  const storing = new Ingest({ ...assignRun, emit: events.emit })
  storing.start()
  await until(() => storing.partitions[0]?.next === 1)
  await store.command('CREATE TABLE aside AS trades')
  await store.command('INSERT INTO aside SELECT * FROM trades')
  await store.command('TRUNCATE TABLE trades')
  await storing.audit()
  assert.equal(storing.audits.get(0)?.passed, false)
  await log.append(0, [tradesOf('binance', [trade(2)])])
  await until(() => storing.partitions[0]?.next === 2)
  await storing.audit()
  assert.equal(storing.audits.get(0)?.passed, false, 'new records that are in order mend nothing')
  await store.command('INSERT INTO trades SELECT * FROM aside')
  await storing.audit()
  assert.equal(storing.audits.get(0)?.passed, true)
  await storing.stop()
})

test('a start audits only what no audit before it has proved, and all of it where rows were taken away since', async t => {
  const { log, store } = await openBoth(t)
  const append = (tradeId: number) => log.append(0, [tradesOf('binance', [trade(tradeId)])])
  const storeNext = async () => {
    const storing = await storeAll(log, store)
    const { first, below, passed } = storing.audits.get(0)!
    return { first, below, passed }
  }
  await append(1)
  assert.deepEqual(await storeNext(), { first: 0, below: 1, passed: true })
  await append(2)
  assert.deepEqual(await storeNext(), { first: 1, below: 2, passed: true })
  assert.deepEqual(await storeNext(), { first: 0, below: 2, passed: true }, 'nothing new: what was found before')
  assert.deepEqual(await store.rows('SELECT toUInt32(count()) AS kept FROM audits'), [{ kept: 2 }])

  await store.deleteRows('trades', 'trade_id = 1', {})
  await append(3)
  assert.deepEqual(await storeNext(), { first: 0, below: 3, passed: false })
  await append(4)
  assert.deepEqual(await storeNext(), { first: 0, below: 4, passed: false }, 'a failed one is repeated')
})

test('a partition that was let go and comes back is audited as by a start', async t => {
  const { log, store } = await openBoth(t)
  const config = parseConfig({}, {})
  const assignRun = { limits: limitsOf(config), venues: venuesOf(config), log, store }
  const storing = new Ingest({ ...assignRun, emit: () => {} })
  storing.start()
  const storeUpTo = async (next: number) => {
    await log.append(0, [tradesOf('binance', [trade(next)])])
    await until(() => storing.partitions[0]?.next === next)
    await storing.audit()
    return storing.audits.get(0)?.passed
  }
  const passed = [await storeUpTo(1), await storeUpTo(2)]
  await storing.onRevoked(0)
  await store.deleteRows('trades', 'trade_id = 1', {})
  storing.onAssigned(0)
  passed.push(await storeUpTo(3))
  await storing.stop()
  assert.deepEqual(passed, [true, true, false])
})

test('a stop does not wait for a doctor that takes long', { timeout: 120_000 }, async t => {
  const { log, store } = await openBoth(t)
  const config = parseConfig({}, {})
  const assignRun = { limits: limitsOf(config), venues: venuesOf(config), log, store }
  const events = new EventLog()
  const storing = new Ingest({ ...assignRun, emit: events.emit })
  storing.start()
  storing.runExclusive(() => new Promise(() => {}))
  await storing.stop()
  assert.match(String(events.named('upkeep_failed')[0]?.why), /takes too long/)
  assert.equal(storing.partitions[0]!.mode, 'stopped')
})

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(5)
}

test('after a slow insert batches reach their age again, and are not cut one after the other', async t => {
  const { log, store } = await openBoth(t)
  const ageMsMax = 200
  const insertBlock = store.insertBlock.bind(store)
  let inserts = 0
  store.insertBlock = async (table, data, fence) => {
    await sleep(inserts++ === 0 ? 5 * ageMsMax : ageMsMax / 10)
    return insertBlock(table, data, fence)
  }
  const config = { ...parseConfig({}, {}), BATCH_AGE_MS_MAX: ageMsMax }
  const storing = new Ingest({ limits: limitsOf(config), venues: venuesOf(config), log, store, emit: () => {} })
  storing.start()
  let id = 1
  const append = async (forMs: number) => {
    const endMs = performance.now() + forMs
    while (performance.now() < endMs) {
      await log.append(0, [tradesOf('binance', [trade(id++)])])
      await sleep(5)
    }
  }
  await append(7 * ageMsMax)
  const [insertsBefore, fromMs] = [inserts, performance.now()]
  await append(10 * ageMsMax)
  const ages = (performance.now() - fromMs) / ageMsMax
  await storing.stop()
  assert.ok(inserts - insertsBefore <= ages + 3, `${inserts - insertsBefore} inserts in ${ages} times the age`)
})

test('ticks that wait because nobody reads are stored before a read', { timeout: 120_000 }, async t => {
  const { log, store } = await openBoth(t)
  const config = parseConfig({}, {})
  // Each read is one that nobody expected.
  const clock = { elapsedMs: () => (nowMs += 60_000) }
  let nowMs = 0
  const readers = new Readers({ readMs: 3_600_000, unreadMs: 3_600_000 }, clock)
  const limits = limitsOf(config, readers)
  const storing = new Ingest({ limits, readers, venues: venuesOf(config), log, store, emit: () => {} })
  storing.start()
  for (const id of [1, 2, 3]) {
    await log.append(0, [tradesOf('binance', [trade(id)])])
    const stored = async () => {
      await storing.beforeRead()
      const [{ rows }] = (await store.rows<{ rows: number }>('SELECT toUInt32(count()) AS rows FROM trades')) as [
        { rows: number },
      ]
      return rows === id
    }
    while (!(await stored())) await sleep(20)
  }
  await storing.stop()
})
