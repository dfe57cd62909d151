/** Brokers whose data was put back from an older copy give offsets out a second time: on a real broker and a real store. */
import assert from 'node:assert/strict'
import { cpSync, rmSync } from 'node:fs'
import { after, test } from 'node:test'
import { parseConfig } from '../../../src/config.ts'
import { Ingest } from '../../../src/ingest/ingest.ts'
import { openKafkaLog } from '../../../src/log/kafka/log.ts'
import { limitsOf, venuesOf } from '../../../src/modes/ingest-settings.ts'
import { openTestStore } from '../../support/data/storage.ts'
import { tradesOf } from '../../support/data/trades.ts'
import { within } from '../../support/judges/within.ts'
import { startKafka } from '../../support/servers/kafka/kafka.ts'

const kafka = await startKafka({ after }, { own: true })
const skip = kafka.missing ?? false

test('a broker restored from an older copy, and written to since, stops the partition before any of it is stored', {
  skip,
}, async t => {
  const address = kafka.address({ partitions: 1 })
  const [broker] = kafka.brokers
  const house = await openTestStore()
  t.after(() => house.remove())
  let id = 0
  const append = async (count: number) => {
    const log = await openKafkaLog(address, 'write')
    for (let record = 0; record < count; record++)
      await log.append(0, [tradesOf('binance', [{ symbol: 'AAA', tradeId: ++id, price: 1, volume: 1, side: 'buy' }])])
    return log
  }
  const stored = async () => {
    const [row] = await house.store.rows<{ count: number; last: number }>(
      'SELECT toUInt32(count()) AS count, toUInt32(max(trade_id)) AS last FROM trades',
    )
    return row!
  }
  /** A group that has just lost its broker takes some seconds to give its partitions out. */
  const storeAndClose = async (count: number) => {
    const log = await append(count)
    const config = parseConfig({}, {})
    const options = { limits: limitsOf(config), venues: venuesOf(config), log, store: house.store }
    const storing = new Ingest({ ...options, emit: () => {} })
    storing.start()
    const settled = () => storing.partitions[0]?.failure ?? (storing.partitions.length > 0 && storing.drained)
    await within(180_000, async () => (settled() ? undefined : 'not stored'))
    const failure = storing.partitions[0]!.failure
    await storing.stop()
    await log.close()
    if (failure) throw failure
  }
  await storeAndClose(5)
  await broker!.stop()
  const copy = `${broker!.directory}-copy`
  cpSync(broker!.directory, copy, { recursive: true })
  await broker!.start()
  await storeAndClose(5)
  await broker!.kill()
  rmSync(broker!.directory, { recursive: true })
  cpSync(copy, broker!.directory, { recursive: true })
  await broker!.start()

  await assert.rejects(storeAndClose(7), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'log_diverged', error.message)
    assert.match(error.message, /record 9 .* they are equal up to record 4/)
    return true
  })
  assert.deepEqual(await stored(), { count: 10, last: 10 })
})
