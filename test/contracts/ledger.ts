/** What a store answers to ingest's questions: the same, whether it is the engine or the one that simulation puts in its place. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { SYSTEM_CLOCK } from '../../src/clock.ts'
import { Batch, MS_PER_DAY } from '../../src/ingest/batch.ts'
import { Ledger } from '../../src/ingest/ledger.ts'
import { SealedBatch } from '../../src/ingest/sealed.ts'
import type { LogEntry, LogRecord } from '../../src/log/log.ts'
import type { Fence, Store } from '../../src/store/store.ts'
import { noFaults } from '../simulation/faults.ts'
import { Host } from '../simulation/host.ts'
import { SimulatedBroker, SimulatedLog } from '../simulation/log.ts'
import { SCRIPT_VENUE } from '../simulation/script.ts'
import type { Timeline } from '../simulation/timeline.ts'
import { columnsOf } from '../support/trades.ts'

const DAY = 20_779
const RECORD: LogRecord = { kind: 'trades', format: 'native', version: 1, ticks: 1, payload: new Uint8Array(1) }

/** A batch of records at these offsets: one trade each, with these ids, and a refused tick in the last where asked for. */
function batchOf(offsets: readonly number[], ids: readonly number[], withRefused = false, day = DAY): Batch {
  const batch = new Batch(0)
  for (const [index, offset] of offsets.entries()) {
    batch.begin({ ...RECORD, partition: 0, offset, timestampMs: day * MS_PER_DAY, writtenMs: 0, leaderEpoch: 0 }, 0)
    const trade = { symbol: 'BTCUSDT', tradeId: ids[index]!, price: 1, volume: 1, side: 'buy' }
    batch.addTrades(offset, columnsOf(SCRIPT_VENUE, [trade]), 0, 1)
  }
  const refused = { ticks: 1, reason: 'price_out_of_range', detail: '', venue: '', symbol: '', raw: '' } as const
  if (withRefused) batch.addRefused(offsets.at(-1)!, { ...refused, index: 1, receivedAtMicros: 0 })
  return batch
}

/** `timeline` must be running. */
export function ledgerContract(name: string, timeline: Timeline, open: (t: TestContext) => Promise<Store>): void {
  test(`${name} answers what ingest asks`, async t => {
    const store = await open(t)
    const broker = new SimulatedBroker(timeline, 1, noFaults())
    for (let records = 0; records < 20; records++) broker.append(0, { record: RECORD, ticks: [] }, 0)
    const log = new SimulatedLog(broker, new Host(timeline))
    const ledger = new Ledger(store, SYSTEM_CLOCK)
    const write = (batch: Batch, fence: Fence) => new SealedBatch(batch).write(store, ledger, fence)

    await ledger.bind(log)
    await new Ledger(store, SYSTEM_CLOCK).bind(log)
    const first = await store.claim(0)
    assert.deepEqual(await ledger.resume(log, first), { next: 0 }, 'nothing stored')
    assert.deepEqual(await ledger.seenIds(0, [SCRIPT_VENUE]), [])

    await write(batchOf([0, 1], [10, 15], true), first)
    await write(batchOf([2], [12], false, DAY + 1), first)
    const second = await store.claim(0)
    assert.ok(second.epoch > first.epoch)
    const entry = (offset: number): LogEntry => ({
      ...{ ...RECORD, partition: 0, offset, timestampMs: 0, writtenMs: 0, leaderEpoch: 0 },
    })
    const after = { next: 3, loggedMs: (DAY + 1) * MS_PER_DAY, after: entry(2) }
    assert.deepEqual(await ledger.resume(log, second), after, 'after the last record of the newest days')
    assert.equal(await ledger.count('trades', 0, DAY, 0, 1), 2)
    assert.equal(await ledger.count('trades', 0, DAY, 1, 2), 1, 'of that day only')
    assert.equal(await ledger.count('quarantine', 0, DAY, 0, 9), 1)
    assert.equal(await ledger.count('quarantine', 1, DAY, 0, 9), 0, 'of that partition only')
    assert.deepEqual(await ledger.seenIds(0, [SCRIPT_VENUE]), [
      { venue: SCRIPT_VENUE, symbol: 'BTCUSDT', first: 10, last: 15 },
    ])
    assert.deepEqual(await ledger.seenIds(0, ['elsewhere']), [])

    const half = batchOf([3, 4], [16, 17], true, DAY + 1)
    await store.insertBlock('quarantine', half.quarantineBlock(second.epoch), second)
    const third = await store.claim(0)
    assert.deepEqual(await ledger.resume(log, third), after, 'half a batch is taken back')
    assert.equal(await ledger.count('quarantine', 0, DAY + 1, 0, 9), 0)
    await store.insertBlock('quarantine', half.quarantineBlock(third.epoch), third)
    await ledger.resume(log, third)
    assert.equal(await ledger.count('quarantine', 0, DAY + 1, 0, 9), 1, "but not an owner's own")

    const gap = { venue: SCRIPT_VENUE, symbol: 'BTCUSDT', first: 11, last: 14, missing: 4, foundAtMicros: 1.7e15 }
    const closed = { ...gap, first: 30, last: 31, missing: 2 }
    await ledger.writeGaps([gap, closed], third)
    await ledger.writeGaps([{ ...closed, missing: 0 }], third)
    const ranges = [
      { first: 11, last: 11 },
      { first: 13, last: 14 },
    ]
    const { missing: _missing, ...known } = gap
    const expected = [{ ...known, missing: ranges, recorded: true }]
    assert.deepEqual(await ledger.openGaps(SCRIPT_VENUE, 'BTCUSDT', third), expected, 'by the ids that are there')
    assert.deepEqual(await ledger.openGaps(SCRIPT_VENUE, 'ETHUSDT', third), [])

    const unseen = { ...gap, symbol: 'ETHUSDT', first: 2, last: 3, missing: 2 }
    await ledger.writeGaps([unseen], third)
    const allMissing = [{ ...unseen, missing: [{ first: 2, last: 3 }], recorded: true }]
    assert.deepEqual(await ledger.gapsOfUnseen([SCRIPT_VENUE], []), allMissing, 'of symbols without a trade')
    assert.deepEqual(await ledger.gapsOfUnseen([SCRIPT_VENUE], [unseen]), [])
    assert.deepEqual(await ledger.gapsOfUnseen(['elsewhere'], []), [])

    broker.partitions[0]!.first = 7
    const lost = { first: 5, last: 6 }
    assert.deepEqual(await ledger.resume(log, third), {
      next: 7,
      lost,
      loggedMs: (DAY + 1) * MS_PER_DAY,
      unverified: 'it has left the log',
    })
    await ledger.writeLost(lost, third)

    for (let ahead = 9; ahead > 2; ahead--) await write(batchOf([16 - ahead], [100 - ahead], false, DAY + ahead), third)
    await write(batchOf([14], [200], false, DAY), third)
    const later = { next: 15, loggedMs: DAY * MS_PER_DAY, after: entry(14) }
    assert.deepEqual(await ledger.resume(log, third), later, 'after the last record, whatever day its clock said')

    await write(batchOf([15, 16], [20, 21], true, DAY + 1), third)
    assert.deepEqual((await ledger.resume(log, third)).after, entry(16))
    broker.lose(0, 16)
    await assert.rejects(ledger.resume(log, third), { code: 'log_behind_store' })
    broker.append(0, { record: { ...RECORD, payload: new Uint8Array(2) }, ticks: [] }, 0)
    await assert.rejects(ledger.resume(log, third), { code: 'log_diverged' })
  })
}
