/** A log put back from an older copy, which was written to since, is not the log that was stored: on a real log and a real store. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { audit } from '../../src/audit/audit.ts'
import { diagnose, isSound } from '../../src/audit/diagnosis.ts'
import { hashOf } from '../../src/audit/position.ts'
import { parseConfig } from '../../src/config.ts'
import { Ingest } from '../../src/ingest/ingest.ts'
import { Reprocessor } from '../../src/ingest/reprocess/reprocess.ts'
import type { OpenLog } from '../../src/log/log.ts'
import { recordHash } from '../../src/log/record-hash.ts'
import { openSqliteLog } from '../../src/log/sqlite/log.ts'
import { limitsOf, venuesOf } from '../../src/modes/ingest-settings.ts'
import { decodeAgain } from '../../src/sources/decode-again.ts'
import { openTestStore } from '../support/data/storage.ts'
import { storeAll } from '../support/data/storing.ts'
import { tradesOf } from '../support/data/trades.ts'
import { EventLog } from '../support/judges/event-log.ts'

/** A log that can be copied and put back, and a store. */
class ClusterServers {
  readonly directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-position-'))
  readonly house: Awaited<ReturnType<typeof openTestStore>>
  readonly partitions: number
  log!: OpenLog
  #id = 0

  static async open(t: TestContext, partitions = 1): Promise<ClusterServers> {
    const ground = new ClusterServers(await openTestStore(), partitions)
    t.after(async () => {
      await ground.house.remove()
      await ground.log.close()
      fs.rmSync(ground.directory, { recursive: true, force: true })
    })
    await ground.#openLog()
    return ground
  }

  private constructor(house: ClusterServers['house'], partitions: number) {
    this.house = house
    this.partitions = partitions
  }

  get store() {
    return this.house.store
  }

  async #openLog(): Promise<void> {
    this.log = await openSqliteLog(path.join(this.directory, 'log'), 'write', { partitions: this.partitions })
  }

  async append(records: number, partition = 0, venue = 'binance'): Promise<void> {
    for (let record = 0; record < records; record++) {
      const trade = { symbol: `S${partition}`, tradeId: ++this.#id, price: 1, volume: 1, side: 'buy' as const }
      await this.log.append(partition, [tradesOf(venue, [trade])])
    }
  }

  async copyLog(): Promise<void> {
    await this.log.close()
    fs.cpSync(path.join(this.directory, 'log'), path.join(this.directory, 'copy'), { recursive: true })
    await this.#openLog()
  }

  async putBackCopy(): Promise<void> {
    await this.log.close()
    fs.rmSync(path.join(this.directory, 'log'), { recursive: true })
    fs.renameSync(path.join(this.directory, 'copy'), path.join(this.directory, 'log'))
    await this.#openLog()
  }

  async stored(partition = 0): Promise<number> {
    const [row] = await this.store.rows<{ count: number }>(
      'SELECT toUInt32(count()) AS count FROM trades WHERE log_partition = {partition:UInt16}',
      { partition },
    )
    return row!.count
  }
}

test('a log put back from an older copy and written to since stops its partition, and no other', async t => {
  const ground = await ClusterServers.open(t, 2)
  await ground.append(50)
  await ground.append(3, 1)
  await storeAll(ground.log, ground.store)
  await ground.copyLog()
  await ground.append(50)
  await storeAll(ground.log, ground.store)
  await ground.putBackCopy()
  await ground.append(70)
  await ground.append(4, 1)

  const events = new EventLog()
  await assert.rejects(storeAll(ground.log, ground.store, { emit: events.emit }), (error: Error) => {
    assert.equal((error as { code?: unknown }).code, 'log_diverged')
    assert.match(error.message, /partition 0: record 99 .* not the one that was stored: they are equal up to record 49/)
    return true
  })
  assert.equal(events.named('ingest_failed').length, 1)
  assert.equal(await ground.stored(), 100, 'nothing of the other log is stored among the old')
  assert.equal(await ground.stored(1), 7, 'the other partition goes on')

  const diagnosis = await diagnose(ground.store, ground.log, () => {})
  assert.ok(!isSound(diagnosis))
  assert.match(diagnosis.partitions[0]!.diverged, /record 99 of the log is not the one that was stored/)
  assert.equal(diagnosis.partitions[1]!.passed, true)
})

test('an older copy that ends before the store is known at once', async t => {
  const ground = await ClusterServers.open(t)
  await ground.append(5)
  await ground.copyLog()
  await ground.append(5)
  await storeAll(ground.log, ground.store)
  await ground.putBackCopy()
  await assert.rejects(storeAll(ground.log, ground.store), { code: 'log_behind_store' })
})

test('an older copy of which nothing is missing in the store, and the newest copy, go on', async t => {
  const ground = await ClusterServers.open(t)
  await ground.append(5)
  await storeAll(ground.log, ground.store)
  await ground.copyLog()
  await ground.append(5)
  await ground.putBackCopy()
  await ground.append(7)
  await storeAll(ground.log, ground.store)
  assert.equal(await ground.stored(), 12)
  assert.ok(isSound(await diagnose(ground.store, ground.log, () => {})))
})

test('an audit sees it too, also where all that is stored has passed before', async t => {
  const ground = await ClusterServers.open(t)
  await ground.append(5)
  await ground.copyLog()
  await ground.append(5)
  await storeAll(ground.log, ground.store)
  await ground.putBackCopy()
  await ground.append(5)
  const whole = await audit(ground.store, ground.log, 0, 0, 10)
  assert.match(whole.diverged, /record 9/)
  const { passed, diverged, detail } = await audit(ground.store, ground.log, 0, 10, 10)
  assert.deepEqual([passed, diverged], [false, detail])
})

test('a last record that has left the log cannot be compared: that is said, and storing goes on', async t => {
  const ground = await ClusterServers.open(t)
  await ground.append(5)
  await storeAll(ground.log, ground.store)
  await ground.log.trim(0, { storedBelow: 5, archivedBelow: 5 })
  await ground.append(5)
  const events = new EventLog()
  await storeAll(ground.log, ground.store, { emit: events.emit })
  assert.deepEqual(events.named('position_unverified'), [{ partition: 0, last: 4, why: 'it has left the log' }])
  assert.equal(await ground.stored(), 10)
})

test('rows of an earlier version, which kept no hash, are no error', async t => {
  const ground = await ClusterServers.open(t)
  await ground.append(5)
  await storeAll(ground.log, ground.store)
  await ground.store.command('ALTER TABLE trades UPDATE log_hash = 0 WHERE true SETTINGS mutations_sync = 1')
  await ground.append(5)
  const events = new EventLog()
  await storeAll(ground.log, ground.store, { emit: events.emit })
  assert.equal(events.named('position_unverified').length, 1)
  assert.equal(await ground.stored(), 10)
  assert.ok(isSound(await diagnose(ground.store, ground.log, () => {})))
})

test('a refused record is named in quarantine, and keeps its name when it moves to trades', async t => {
  const ground = await ClusterServers.open(t)
  await ground.append(3)
  await ground.append(2, 0, 'acme')
  await storeAll(ground.log, ground.store)
  const hash = recordHash((await ground.log.record(0, 4))!)
  assert.equal(await hashOf(ground.store, 0, 4), hash)

  const config = { ...parseConfig({}, {}), EXTRA_VENUES: 'acme' }
  const { log, store } = ground
  const emit = () => {}
  const venues = venuesOf(config)
  const storing = new Ingest({ limits: limitsOf(config), venues, log, store, emit })
  storing.start()
  const report = await new Reprocessor({ log, store, storing, venues, reread: decodeAgain, emit }).run({}, false)
  await storing.stop()
  assert.equal(report.moved, 2)
  assert.deepEqual(
    await store.rows('SELECT toUInt32(log_offset) AS offset FROM trades WHERE log_hash > 0 ORDER BY offset'),
    [{ offset: 4 }],
  )
  assert.equal(await hashOf(store, 0, 4), hash)
})
