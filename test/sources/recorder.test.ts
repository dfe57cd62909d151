import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { TickhouseError } from '../../src/errors.ts'
import type { Log, LogRecord } from '../../src/log/log.ts'
import { Recorder } from '../../src/sources/recorder.ts'
import { readTrades } from '../../src/tick/records.ts'
import { SIDE, TradeDraft } from '../../src/tick/trades.ts'
import { EventLog } from '../support/judges/event-log.ts'

/** Ticks of one record, and enough records to exceed the bound of what may wait. */
const RECORD_TICKS = 5_000
const RECORDS_BEYOND_BOUND = 400

/** A log of which only `append` is used. */
function logOf(append: Log['append']): Log {
  return { partitions: 1, partitionsOf: () => ({ first: 0, count: 1 }), append } as unknown as Log
}

function receive(recorder: Recorder, count: number): void {
  const draft = new TradeDraft()
  Object.assign(draft, { venue: 'binance', symbol: 'BTCUSDT', price: 1, volume: 1, side: SIDE.buy })
  for (let id = 0; id < count; id++) {
    draft.tradeId = id
    recorder.trade(draft)
  }
}

test('sources pause while an append does not return, and resume after it', async () => {
  const slow = Promise.withResolvers<number>()
  const holds: boolean[] = []
  const events = new EventLog()
  const recorder = new Recorder({
    log: logOf(() => slow.promise),
    emit: events.emit,
  })
  recorder.onBackpressure = paused => holds.push(paused)
  receive(recorder, RECORD_TICKS)
  assert.deepEqual(holds, [])
  receive(recorder, RECORD_TICKS * RECORDS_BEYOND_BOUND)
  assert.deepEqual(holds, [true])
  slow.resolve(0)
  await recorder.drain()
  assert.deepEqual(holds, [true, false])
})

test('a log that can never be written again is reported once, and nothing is appended after lost records', async () => {
  const failures: unknown[] = []
  let appends = 0
  const recorder = new Recorder({
    log: logOf(async () => {
      appends++
      throw new TickhouseError('data_unwritable', 'gone', 'none')
    }),
    emit: () => {},
  })
  recorder.failed.catch(error => failures.push(error))
  receive(recorder, RECORD_TICKS)
  await recorder.drain()
  receive(recorder, RECORD_TICKS)
  await recorder.drain()
  assert.equal(failures.length, 1)
  assert.equal(appends, 1)
})

test('a shutdown drops what the log does not take within a bound, and reports the number of lost ticks', async () => {
  const events = new EventLog()
  const recorder = new Recorder({
    log: logOf(async () => {
      throw new TickhouseError('disk_full', 'full', 'make room', { retryable: true })
    }),
    emit: events.emit,
  })
  receive(recorder, RECORD_TICKS + 3)
  await recorder.drain(20)
  assert.deepEqual(events.named('ticks_given_up'), [{ ticks: RECORD_TICKS + 3 }])
})

test('an append that fails for a while is retried, in order, and nothing is dropped', async () => {
  const records: LogRecord[] = []
  const events = new EventLog()
  let attempts = 0
  const recorder = new Recorder({
    log: logOf(async (_partition, appended) => {
      if (attempts++ === 0) throw new TickhouseError('disk_full', 'full', 'make room', { retryable: true })
      return records.push(...appended)
    }),
    emit: events.emit,
  })
  receive(recorder, 2 * RECORD_TICKS)
  await recorder.drain()
  const ids = records.flatMap(({ payload }) => [...readTrades(payload).tradeId].map(Number))
  assert.equal(ids.length, 2 * RECORD_TICKS)
  assert.deepEqual(ids.slice(0, 2), [0, 1])
  assert.deepEqual(
    events.emitted.map(({ name }) => name),
    ['log_append_failed', 'log_append_recovered'],
  )
})

test('large refused frames are cut into records the log can take', async () => {
  const sizes: number[] = []
  const recorder = new Recorder({
    log: logOf(async (_partition, appended) => sizes.push(...appended.map(({ payload }) => payload.length))),
    emit: () => {},
  })
  const raw = '\u0001'.repeat(1_000_000)
  for (let frame = 0; frame < 12; frame++) recorder.refuse('binance', 'malformed_frame', 'bad', raw, 1e15)
  await recorder.drain()
  assert.ok(Math.max(...sizes) < 64 * 2 ** 20, `${Math.max(...sizes)} bytes in one record`)
})

test('a stop gives up a log that does not answer within a bound', async () => {
  const events = new EventLog()
  const recorder = new Recorder({
    log: logOf(() => new Promise(() => {})),
    emit: events.emit,
  })
  receive(recorder, 3)
  await recorder.drain(50)
  assert.deepEqual(events.named('ticks_given_up'), [{ ticks: 3 }])
})

test('beside another recorder, records are appended a second later, in order; then immediately', async () => {
  const appended: { ids: number; afterMs: number }[] = []
  const beganMs = performance.now()
  const recorder = new Recorder({
    log: logOf(async (_partition, records) => {
      const ids = records.reduce((sum, { ticks }) => sum + ticks, 0)
      appended.push({ ids, afterMs: performance.now() - beganMs })
      return 0
    }),
    emit: () => {},
  })
  let noted = 0
  recorder.onAppended = records => (noted += records.reduce((sum, { ticks }) => sum + ticks, 0))
  recorder.holdBack.hold()
  receive(recorder, 10)
  await sleep(500)
  receive(recorder, 20)
  const secondMs = performance.now() - beganMs
  assert.equal(appended.length, 0)
  while (appended.length === 0) await sleep(10)
  assert.equal(appended[0]!.ids, 10)
  assert.equal(
    noted,
    appended.reduce((sum, { ids }) => sum + ids, 0),
  )
  for (const [at, { afterMs }] of appended.entries())
    assert.ok(afterMs >= (at === 0 ? 990 : secondMs + 990), 'the second record waits for its own second')
  recorder.holdBack.release()
  while (appended.length < 2) await sleep(10)
  assert.deepEqual(
    appended.map(({ ids }) => ids),
    [10, 20],
  )
  receive(recorder, 1)
  await recorder.drain()
  assert.equal(noted, 31)
})

test('a stop does not wait for records that wait', async () => {
  let ticks = 0
  const recorder = new Recorder({
    log: logOf(async (_partition, records) => {
      ticks += records.reduce((sum, record) => sum + record.ticks, 0)
      return 0
    }),
    emit: () => {},
  })
  recorder.holdBack.hold()
  receive(recorder, 10)
  await sleep(50)
  const beganMs = performance.now()
  await recorder.drain()
  assert.equal(ticks, 10)
  assert.ok(performance.now() - beganMs < 900)
})
