/** What a store answers to ingest's questions: the same, whether it is the engine or the one that simulation puts in its place. */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { MS_PER_DAY, SYSTEM_CLOCK } from '../../src/clock.ts'
import { Batch } from '../../src/ingest/batch.ts'
import { Checkpoint, type GapRow, symbolKey } from '../../src/ingest/checkpoint.ts'
import { SKIPPED } from '../../src/ingest/gaps/gap.ts'
import { loadIds } from '../../src/ingest/ids/known-ids.ts'
import { comparedTradeOf } from '../../src/ingest/ids/recent-trades.ts'
import { storedTrades } from '../../src/ingest/ids/stored-trades.ts'
import { SealedBatch } from '../../src/ingest/sealed-batch.ts'
import type { LoggedRecord, LogRecord } from '../../src/log/log.ts'
import type { Fence, Store } from '../../src/store/store.ts'
import type { IdKind } from '../../src/tick/id-kind.ts'
import { TRADES } from '../../src/tick/kinds.ts'
import { noFaults } from '../simulation/faults.ts'
import { Host } from '../simulation/host.ts'
import { SIMULATED_KINDS } from '../simulation/kinds.ts'
import { SimulatedBroker, SimulatedLog } from '../simulation/log.ts'
import { SCRIPT_VENUE } from '../simulation/script.ts'
import type { Timeline } from '../simulation/timeline.ts'
import { columnsOf, NOON_MICROS } from '../support/data/trades.ts'

const DAY = 20_779
const RECORD: LogRecord = { kind: 'trades', format: 'native', version: 1, ticks: 1, payload: new Uint8Array(1) }

const trade = (tradeId: number) => ({ symbol: 'BTCUSDT', tradeId, price: 1, volume: 1, side: 'buy' })

/** A batch of records at these offsets: one trade each, with these ids, and a refused tick in the last where asked for. */
function batchOf(offsets: readonly number[], ids: readonly number[], withRefused = false, day = DAY): Batch {
  const batch = new Batch(0)
  for (const [index, offset] of offsets.entries()) {
    batch.begin({ ...RECORD, partition: 0, offset, timestampMs: day * MS_PER_DAY, writtenMs: 0, leaderEpoch: 0 }, 0)
    batch.addTicks(TRADES, offset, columnsOf(SCRIPT_VENUE, [trade(ids[index]!)]), 0, 1)
  }
  const refused = { ticks: 1, reason: 'price_out_of_range', detail: '', venue: '', symbol: '', raw: '' } as const
  if (withRefused) batch.addRefused(offsets.at(-1)!, { ...refused, index: 1, receivedAtMicros: 0 })
  return batch
}

/** `timeline` must be running. */
export function checkpointContract(name: string, timeline: Timeline, open: (t: TestContext) => Promise<Store>): void {
  test(`${name} answers what ingest asks`, async t => {
    const store = await open(t)
    const broker = new SimulatedBroker(timeline, 1, noFaults())
    for (let records = 0; records < 20; records++) broker.append(0, { kind: TRADES, record: RECORD, ticks: [] }, 0)
    const log = new SimulatedLog(broker, new Host(timeline))
    const checkpoint = new Checkpoint(store, SYSTEM_CLOCK)
    const write = (batch: Batch, fence: Fence) => new SealedBatch(batch).write(store, checkpoint, fence)

    await checkpoint.bind(log)
    await new Checkpoint(store, SYSTEM_CLOCK).bind(log)
    const first = await store.claim(0)
    assert.deepEqual(await checkpoint.resume(log, first), { next: 0 }, 'nothing stored')
    const idsOf = (fence: Fence, ...venues: string[]) =>
      loadIds(
        store,
        checkpoint,
        fence,
        new Map([...venues.map((venue): [string, IdKind] => [venue, 'dense']), ['opaque', 'opaque']]),
      )
    assert.deepEqual(await idsOf(first, SCRIPT_VENUE), new Map())

    await write(batchOf([0, 1], [10, 15], true), first)
    await write(batchOf([2], [12], false, DAY + 1), first)
    const second = await store.claim(0)
    assert.ok(second.epoch > first.epoch)
    const entry = (offset: number): LoggedRecord => ({
      ...{ ...RECORD, partition: 0, offset, timestampMs: 0, writtenMs: 0, leaderEpoch: 0 },
    })
    const after = { next: 3, loggedMs: (DAY + 1) * MS_PER_DAY, after: entry(2) }
    assert.deepEqual(await checkpoint.resume(log, second), after, 'after the last record of the newest days')
    assert.equal(await checkpoint.count('trades', 0, DAY, 0, 1), 2)
    assert.equal(await checkpoint.count('trades', 0, DAY, 1, 2), 1, 'of that day only')
    assert.equal(await checkpoint.count('quarantine', 0, DAY, 0, 9), 1)
    assert.equal(await checkpoint.count('quarantine', 1, DAY, 0, 9), 0, 'of that partition only')
    const symbol = { venue: SCRIPT_VENUE, symbol: 'BTCUSDT' }
    // By way of nanoseconds, which a double does not hold to the last digit.
    const micros = (id: number) => ((NOON_MICROS + id * 1000) * 1000) / 1000
    const times = { firstMicros: micros(10), newestMicros: micros(15) }
    const run = { ...symbol, run: 0, first: 10, last: 15, trades: 3, ...times }
    const known = { ...symbol, runs: [run], gaps: [], refused: [], uniqueNewestMicros: undefined }
    const key = symbolKey(symbol)
    assert.deepEqual(await idsOf(second, SCRIPT_VENUE), new Map([[key, known]]))
    assert.deepEqual(await idsOf(second, 'elsewhere'), new Map())
    const ask = async (...ids: number[]) => {
      const questions = ids.map(id => ({ ...symbol, id: BigInt(id), micros: micros(id) }))
      const answer = await storedTrades(store, 0, questions)
      return ids.map(id => answer.of(SCRIPT_VENUE, 'BTCUSDT', BigInt(id), micros(id)))
    }
    const statement = (id: number) => comparedTradeOf(columnsOf(SCRIPT_VENUE, [trade(id)]), 0)
    assert.deepEqual(await ask(10, 11, 12), [[statement(10)], [], [statement(12)]], 'what is stored with these ids')

    const half = batchOf([3, 4], [16, 17], true, DAY + 1)
    await store.insertBlock('quarantine', half.block('quarantine', second.epoch), second)
    const third = await store.claim(0)
    assert.deepEqual(await checkpoint.resume(log, third), after, 'half a batch is taken back')
    assert.equal(await checkpoint.count('quarantine', 0, DAY + 1, 0, 9), 0)
    await store.insertBlock('quarantine', half.block('quarantine', third.epoch), third)
    await checkpoint.resume(log, third)
    assert.equal(await checkpoint.count('quarantine', 0, DAY + 1, 0, 9), 1, "but not an owner's own")

    const gap: GapRow = {
      ...{ ...symbol, run: 0, first: 11, last: 14, missing: 4, foundAtMicros: 1.7e15, state: 'open', reason: SKIPPED },
      ...{ afterMicros: Number.NEGATIVE_INFINITY, beforeMicros: Number.POSITIVE_INFINITY },
    }
    const closed = { ...gap, first: 30, last: 31, missing: 2 }
    await checkpoint.writeGaps([gap, closed], third)
    await checkpoint.writeGaps([{ ...closed, missing: 0, state: 'repaired' }], third)
    const ranges = [
      { first: 11, last: 11 },
      { first: 13, last: 14 },
    ]
    const { missing: _missing, state: _state, reason: _reason, ...found } = gap
    const beside = { afterMicros: micros(10), beforeMicros: micros(15) }
    const known11 = { ...found, missing: ranges, recorded: true, ...beside }
    assert.deepEqual((await idsOf(third, SCRIPT_VENUE)).get(key)!.gaps, [known11], 'by the ids that are there')

    const unseen = { ...gap, symbol: 'ETHUSDT', first: 2, last: 3, missing: 2 }
    const laterRun = { ...gap, run: 1, missing: 4 }
    await checkpoint.writeGaps([unseen, laterRun], third)
    const anywhen = { afterMicros: Number.NEGATIVE_INFINITY, beforeMicros: Number.POSITIVE_INFINITY }
    const allMissing = (of: typeof gap) => [
      {
        ...found,
        symbol: of.symbol,
        run: of.run,
        first: of.first,
        last: of.last,
        missing: [{ first: of.first, last: of.last }],
        recorded: true,
        ...anywhen,
      },
    ]
    const after3 = await idsOf(third, SCRIPT_VENUE)
    assert.deepEqual(after3.get(symbolKey(unseen))!.gaps, allMissing(unseen), 'of symbols without a trade')
    assert.deepEqual(
      after3.get(key)!.gaps.filter(({ run }) => run === 1),
      allMissing(laterRun),
      'of runs without a trade, though another run has a gap of these ids',
    )
    assert.deepEqual(await idsOf(third, 'elsewhere'), new Map())

    broker.partitions[0]!.first = 7
    const lost = { first: 5, last: 6 }
    assert.deepEqual(await checkpoint.resume(log, third), {
      next: 7,
      lost,
      loggedMs: (DAY + 1) * MS_PER_DAY,
      unverified: 'it has left the log',
    })
    await checkpoint.writeLost(lost, third)

    for (let ahead = 9; ahead > 2; ahead--) await write(batchOf([16 - ahead], [100 - ahead], false, DAY + ahead), third)
    await write(batchOf([14], [200], false, DAY), third)
    const later = { next: 15, loggedMs: DAY * MS_PER_DAY, after: entry(14) }
    assert.deepEqual(await checkpoint.resume(log, third), later, 'after the last record, whatever day its clock said')

    await write(batchOf([15, 16], [20, 21], true, DAY + 1), third)
    assert.deepEqual((await checkpoint.resume(log, third)).after, entry(16))
    broker.lose(0, 16)
    await assert.rejects(checkpoint.resume(log, third), { code: 'log_behind_store' })
    broker.append(0, { kind: TRADES, record: { ...RECORD, payload: new Uint8Array(2) }, ticks: [] }, 0)
    await assert.rejects(checkpoint.resume(log, third), { code: 'log_diverged' })
  })
}

/** A batch of refused ticks, marks and trades, at these two offsets. */
function mixedBatch(first: number): Batch {
  const batch = new Batch(0, SIMULATED_KINDS)
  for (const [at, kind] of SIMULATED_KINDS.entries()) {
    const offset = first + at
    batch.begin({ ...RECORD, partition: 0, offset, timestampMs: DAY * MS_PER_DAY, writtenMs: 0, leaderEpoch: 0 }, 0)
    batch.addTicks(kind, offset, columnsOf(SCRIPT_VENUE, [trade(offset)]), 0, 1)
    const refused = { ticks: 1, reason: 'price_out_of_range', detail: '', venue: '', symbol: '', raw: '' } as const
    batch.addRefused(offset, { ...refused, index: 1, receivedAtMicros: 0 })
  }
  return batch
}

/** `open` gives a store that has table `marks`. */
export function kindsContract(name: string, timeline: Timeline, open: (t: TestContext) => Promise<Store>): void {
  test(`${name}: a batch of several tables that was cut between two inserts is taken back and read again`, async t => {
    const store = await open(t)
    const broker = new SimulatedBroker(timeline, 1, noFaults())
    for (let records = 0; records < 9; records++) broker.append(0, { kind: TRADES, record: RECORD, ticks: [] }, 0)
    const log = new SimulatedLog(broker, new Host(timeline))
    const checkpoint = new Checkpoint(store, SYSTEM_CLOCK, SIMULATED_KINDS)
    await checkpoint.bind(log)
    const tables = ['quarantine', 'marks', 'trades']
    const counts = () => Promise.all(tables.map(table => checkpoint.count(table, 0, DAY, 0, 9)))
    const before = mixedBatch(0)
    await new SealedBatch(before).write(store, checkpoint, await store.claim(0))
    assert.deepEqual(await counts(), [2, 1, 1])
    for (let arrived = 0; arrived <= tables.length; arrived++) {
      const writer = await store.claim(0)
      const cut = mixedBatch(2)
      for (const table of tables.slice(0, arrived))
        await store.insertBlock(table, cut.block(table, writer.epoch), writer)
      const { next } = await checkpoint.resume(log, await store.claim(0))
      const whole = arrived === tables.length
      assert.equal(next, whole ? 4 : 2, `${arrived} tables have it`)
      assert.deepEqual(await counts(), whole ? [4, 2, 2] : [2, 1, 1], `${arrived} tables have it`)
    }
  })
}
