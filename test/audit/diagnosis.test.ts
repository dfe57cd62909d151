import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { diagnose, isSound } from '../../src/audit/diagnosis.ts'
import { parseConfig } from '../../src/config.ts'
import { Ingest } from '../../src/ingest/ingest.ts'
import { openSqliteLog } from '../../src/log/sqlite/log.ts'
import { limitsOf, venuesOf } from '../../src/modes/ingest-settings.ts'
import { openTestStore } from '../support/data/storage.ts'
import { storeAll } from '../support/data/storing.ts'
import { tradesOf } from '../support/data/trades.ts'
import { within } from '../support/judges/within.ts'

const trade = (tradeId: number, price = 1) => ({ symbol: 'BTCUSDT', tradeId, price, volume: 1, side: 'buy' as const })

async function empty(t: TestContext, partitions = 1) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-log-'))
  const log = await openSqliteLog(directory, 'write', { partitions })
  const house = await openTestStore()
  t.after(async () => {
    await house.remove()
    await log.close()
    fs.rmSync(directory, { recursive: true, force: true })
  })
  return { log, store: house.store }
}

async function stored(t: TestContext) {
  const { log, store } = await empty(t)
  await log.append(0, [tradesOf('binance', [trade(1), trade(2, -1)]), tradesOf('binance', [trade(3)])])
  await storeAll(log, store)
  return { log, store }
}

test('an empty log and an empty store agree, also when all that came was refused', async t => {
  const { log, store } = await empty(t)
  assert.ok(isSound(await diagnose(store, log, () => {})))
  await log.append(0, [tradesOf('binance', [trade(1, -1)])])
  assert.equal((await diagnose(store, log, () => {})).partitions[0]!.lagRecords, 1)
  await storeAll(log, store)
  const diagnosis = await diagnose(store, log, () => {})
  assert.ok(isSound(diagnosis), diagnosis.partitions[0]!.detail)
  assert.equal(diagnosis.partitions[0]!.below, 1)
})

test('log and store agree when each tick is stored or refused', async t => {
  const { log, store } = await stored(t)
  const diagnosis = await diagnose(store, log, () => {})
  assert.ok(isSound(diagnosis), JSON.stringify(diagnosis))
  assert.equal(diagnosis.partitions[0]!.below, 2)
})

test('venues without dense ids are named with the trades that repeat another one', async t => {
  const { log, store } = await stored(t)
  const equal = { symbol: 'AAPL', tradeId: 77, price: 1, volume: 1, side: 'unknown' as const }
  await log.append(0, [
    tradesOf('finnhub', [equal, equal, equal, { ...equal, symbol: 'MSFT' }, { ...equal, tradeId: 78 }]),
    tradesOf('bitstamp', [trade(1), trade(9)]),
  ])
  await storeAll(log, store)
  const kinds = new Map([...venuesOf(parseConfig({}, {}))])
  assert.deepEqual((await diagnose(store, log, () => {}, kinds)).unproven, [
    { venue: 'bitstamp', hasIds: true, trades: 2, repeats: 0 },
    { venue: 'finnhub', hasIds: false, trades: 5, repeats: 2 },
  ])
})

test('refused ticks of a batch whose good ones are still on their way are lag, not a fault', async t => {
  const { log, store } = await stored(t)
  await log.append(0, [tradesOf('binance', [trade(4)]), tradesOf('binance', [trade(5, -1)])])
  await store.insertRows('quarantine', [{ log_partition: 0, log_offset: 3, batch_first_offset: 2, batch_good: 1 }])
  const diagnosis = await diagnose(store, log, () => {})
  assert.ok(isSound(diagnosis), diagnosis.partitions[0]!.detail)
  assert.equal(diagnosis.partitions[0]!.lagRecords, 2)
})

test('a store that holds records beyond the end of its log does not agree with it', async t => {
  const { log, store } = await stored(t)
  await store.insertRows('trades', [{ venue: 'binance', symbol: 'BTCUSDT', log_partition: 0, log_offset: 7 }])
  const diagnosis = await diagnose(store, log, () => {})
  assert.ok(!isSound(diagnosis))
  assert.match(diagnosis.partitions[0]!.detail, /store has records up to 7, the log ends at 1/)
})

test('a log that is written and stored while it is diagnosed agrees with its store', async t => {
  const { log, store } = await empty(t, 4)
  const config = parseConfig({}, {})
  const storing = new Ingest({
    limits: limitsOf(config),
    venues: venuesOf(config),
    log,
    store,
    emit: () => {},
  })
  storing.start()
  let id = 0
  const storeOneMore = async () => {
    for (let partition = 0; partition < 4; partition++)
      await log.append(partition, [tradesOf('binance', [{ ...trade(++id), symbol: `S${partition}` }])])
    await within(120_000, async () => (storing.drained ? undefined : 'not stored yet'))
  }
  await storeOneMore()
  const asked: number[] = []
  // All partitions go on between the question for the first one's ticks and the next partition's turn.
  const live = new Proxy(log, {
    get: (target, name) => {
      if (name === 'countTicks')
        return async (partition: number, from: number, below: number) => {
          asked.push(partition)
          await storeOneMore()
          return await target.countTicks(partition, from, below)
        }
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const diagnosis = await diagnose(store, live, () => {}).finally(() => storing.stop())
  assert.ok(asked.includes(3), 'every partition was compared while the log went on')
  assert.deepEqual(
    diagnosis.partitions.filter(({ passed }) => !passed).map(({ detail }) => detail),
    [],
  )
  assert.ok(isSound(diagnosis))
})

for (const ticks of [0, 2 ** 33])
  test(`a record that says it holds ${ticks} ticks passes the audit: it is refused as one that lies`, async t => {
    const { log, store } = await stored(t)
    await log.append(0, [{ ...tradesOf('binance', [trade(4)]), ticks }])
    const told: string[] = []
    await storeAll(log, store, { emit: name => told.push(name) })
    assert.deepEqual(
      told.filter(name => name.startsWith('audit')),
      ['audit_passed'],
    )
    assert.ok(isSound(await diagnose(store, log, () => {})))
  })
