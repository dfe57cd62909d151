import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { audit } from '../../src/audit/audit.ts'
import { openLog } from '../../src/log/open.ts'
import { tradesRecord } from '../../src/tick/records.ts'
import { ORIGIN, TradeColumns } from '../../src/tick/trades.ts'
import { openTestStore } from '../support/data/storage.ts'
import { storeAll } from '../support/data/storing.ts'

const RECORDS = 7
const TICKS = 200_000

/** A log of records so large that an audit takes them in several steps, all stored. */
async function stored(t: TestContext) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-audit-'))
  const log = await openLog(`sqlite:${directory}`, 'write')
  const house = await openTestStore()
  t.after(async () => {
    await house.remove()
    await log.close()
    fs.rmSync(directory, { recursive: true, force: true })
  })
  for (let record = 0; record < RECORDS; record++) {
    const trades = new TradeColumns(TICKS)
    for (let row = 0; row < TICKS; row++)
      trades.add({
        venue: 'binance',
        symbol: 'BTCUSDT',
        timestampMicros: 1e15 + row,
        timestampNanos: 0,
        receivedAtMicros: 1e15 + row,
        price: 1,
        volume: 1,
        side: 1,
        tradeId: record * TICKS + row,
        origin: ORIGIN.live,
      })
    await log.append(0, [tradesRecord(trades)])
  }
  await storeAll(log, house.store)
  return { log, store: house.store }
}

test('an audit in several steps counts every tick once, and sees one lost or doubled in any of them', async t => {
  const { log, store } = await stored(t)
  const steps: number[] = []
  const sound = await audit(store, log, 0, 0, RECORDS, done => steps.push(done))
  assert.ok(sound.passed, sound.detail)
  assert.deepEqual([sound.ticks, sound.distinct, sound.expected], [RECORDS * TICKS, RECORDS * TICKS, RECORDS * TICKS])
  assert.ok(steps.length > 1, 'several steps')
  assert.equal(steps.at(-1), RECORDS)

  await store.command('INSERT INTO trades SELECT * FROM trades WHERE log_offset = 3 AND log_index = 17')
  const doubled = await audit(store, log, 0, 0, RECORDS)
  assert.match(doubled.detail, /1 ticks twice/)

  await store.deleteRows('trades', 'log_offset = 5 AND log_index = {index:UInt32}', { index: TICKS - 1 })
  const lost = await audit(store, log, 0, 0, RECORDS)
  assert.match(lost.detail, /ticks stored, .* in the log/)
  assert.equal(lost.expected - lost.distinct, 1)
})
