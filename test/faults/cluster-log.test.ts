/** Changes of the topics by administrators and other programs: the tables stay correct, and the change is reported. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { TickhouseError } from '../../src/errors.ts'
import type { LogRecord } from '../../src/log/log.ts'
import { ORIGIN } from '../../src/tick/trades.ts'
import { assertKept, type Outcome, POISONS } from '../support/data/poison.ts'
import { NOON_MICROS, tradesOf } from '../support/data/trades.ts'
import { report, rounds, Schedule } from '../support/faults.ts'
import {
  assertPositions,
  assertTrades,
  checkPositions,
  compareTrades,
  type ExpectedTrade,
  gapsOf,
} from '../support/judges/oracle.ts'
import { within } from '../support/judges/within.ts'
import { Cluster, startClusterServers } from '../support/processes/cluster.ts'
import { WAIT_MS_MAX } from '../support/processes/tickhouse.ts'
import { type ForeignMessage, foreignRecord } from '../support/servers/kafka/outside.ts'

const ground = await startClusterServers({ after })
const { skip } = ground
const TRADES_PER_RECORD = 5

/** Trades of one symbol, with ids from `firstId` on. */
function tradesFrom(symbol: string, firstId: number, count: number): ExpectedTrade[] {
  return Array.from({ length: count }, (_, index) => ({
    symbol,
    tradeId: firstId + index,
    price: 1 + (firstId + index) / 100,
    volume: 1 + (index % 9) / 10,
    side: index % 2 ? 'buy' : 'sell',
  }))
}

function recordsOf(trades: readonly ExpectedTrade[], perRecord = TRADES_PER_RECORD): LogRecord[] {
  const records: LogRecord[] = []
  for (let start = 0; start < trades.length; start += perRecord)
    records.push(tradesOf('binance', trades.slice(start, start + perRecord)))
  return records
}

test('group offsets that are deleted or reset change nothing: ingest resumes where the tables end', {
  skip,
}, async t => {
  const cluster = await Cluster.start(t, ground)
  const trades = tradesFrom('AAA', 1, 1_500)
  for (const [part, how] of (['deleted', 'reset', undefined] as const).entries()) {
    await cluster.log.append(0, recordsOf(trades.slice(part * 500, part * 500 + 500)))
    const ingest = cluster.instance.run('ingest')
    assert.equal((await ingest.waitFor('ingest_started', { partition: 0 })).next, part * 100)
    await cluster.drained()
    await cluster.lagShown()
    assert.deepEqual(await ingest.end('SIGTERM'), { code: 0, signal: null })
    if (how) await cluster.outside.forgetGroup(how)
  }
  const positions = await checkPositions(cluster.store, cluster.log)
  const result = await compareTrades(cluster.store, 'binance', trades)
  report(t, 'group offsets deleted, then reset', positions, result)
  assertPositions(positions)
  assertTrades(result)
  assert.equal(positions.ticks, trades.length, 'nothing was read twice')
})

test('a topic that is deleted and created again is refused by running and starting processes', { skip }, async t => {
  const cluster = await Cluster.start(t, ground)
  const trades = tradesFrom('AAA', 1, 500)
  await cluster.log.append(0, recordsOf(trades))
  const running = cluster.instance.run('ingest')
  await cluster.drained()
  await cluster.outside.recreateTopic(4)
  await cluster.outside.produce(recordsOf(tradesFrom('AAA', 9_001, 600)).map(record => foreignRecord(0, record)))
  assert.match(String((await running.waitFor('ingest_failed')).why), /was replaced/)
  // A writer checks once a second whether the topics are still its own; records before the check are in the new one.
  await within(WAIT_MS_MAX, () =>
    cluster.log.append(0, recordsOf(trades)).then(
      () => 'the writer is not refused',
      error => {
        assert.equal((error as TickhouseError).code, 'log_replaced')
        return undefined
      },
    ),
  )
  await running.end('SIGTERM')
  const started = cluster.instance.run('ingest')
  assert.match(String((await started.waitFor('ingest_failed')).why), /follows log/)
  await started.end('SIGTERM')
  const result = await compareTrades(cluster.store, 'binance', trades)
  t.diagnostic(`topic replaced: ${result.stored} trades stored, missing ${result.missing.length}`)
  assertTrades(result)
})

test('records removed from the log before they were stored are recorded exactly, and storing continues after them', {
  skip,
}, async t => {
  const schedule = new Schedule(t)
  const cluster = await Cluster.start(t, ground)
  const [lost, whole] = [tradesFrom('AAA', 1, 1_000), tradesFrom('BBB', 1, 1_000)]
  const append = async (from: number, to: number) => {
    await cluster.log.append(0, recordsOf(lost.slice(from, to)))
    await cluster.log.append(1, recordsOf(whole.slice(from, to)))
  }
  await append(0, 500)
  const before = cluster.instance.run('ingest')
  await cluster.drained()
  await before.end('SIGTERM')
  await append(500, 1_000)
  const below = 101 + schedule.below(98)
  await cluster.outside.dropBelow(0, below)
  const ingest = cluster.instance.run('ingest')
  assert.deepEqual(await ingest.waitFor('range_lost'), { partition: 0, first: 100, last: below - 1 })
  await cluster.drained()
  assert.deepEqual(await ingest.end('SIGTERM'), { code: 0, signal: null })
  assert.deepEqual(ingest.logged('audit_failed'), [])
  const ranges = await cluster.store.rows(
    'SELECT log_partition AS partition, toUInt32(first_offset) AS first, toUInt32(last_offset) AS last FROM lost_ranges',
  )
  assert.deepEqual(ranges, [{ partition: 0, first: 100, last: below - 1 }])
  const [firstId, lastId] = [501, below * TRADES_PER_RECORD]
  const kept = lost.filter(({ tradeId }) => tradeId < firstId || tradeId > lastId)
  const result = await compareTrades(cluster.store, 'binance', [...kept, ...whole])
  t.diagnostic(
    `records 100 to ${below - 1} dropped while down: ${result.stored} stored, missing ${result.missing.length}`,
  )
  assertTrades(result)
  assert.deepEqual(await gapsOf(cluster.store, 'binance', 'open'), [{ symbol: 'AAA', first: firstId, last: lastId }])
})

const HOUR_MS = 3_600_000
const NOON_MS = NOON_MICROS / 1000

test('records of three days, late and shuffled: each is on the day of its time, every tick is there once', {
  skip,
}, async t => {
  const schedule = new Schedule(t)
  const cluster = await Cluster.start(t, ground, { settings: { BATCH_AGE_MS_MAX: '50' } })
  const ingest = cluster.instance.run('ingest')
  await ingest.waitFor('ingest_started', { partition: 0 })
  // Our own topics take the broker's clock, and are refused at the next start without it: who runs already must bear
  // the change.
  await cluster.outside.useProducersTime()
  const trades = tradesFrom('AAA', 1, 3_000)
  const groups = Array.from({ length: 150 }, (_, index) => trades.slice(index * 20, index * 20 + 20))
  for (let left = groups.length - 1; left > 1; left--) {
    const other = 1 + schedule.below(left)
    ;[groups[left], groups[other]] = [groups[other]!, groups[left]!]
  }
  const messages = groups.map((group, index): ForeignMessage => {
    const record = tradesOf('binance', schedule.below(2) ? group.toReversed() : group, ORIGIN.live)
    const atMs = NOON_MS + 10 * HOUR_MS + (index * 28 * HOUR_MS) / groups.length
    // Every other one comes from a producer whose clock is hours behind.
    return { ...foreignRecord(0, record), timestamp: String(Math.round(atMs - schedule.below(2) * 5 * HOUR_MS)) }
  })
  for (let start = 0; start < messages.length; start += 10)
    await cluster.outside.produce(messages.slice(start, start + 10))
  await cluster.drained()
  assert.deepEqual(await ingest.end('SIGTERM'), { code: 0, signal: null })
  assert.deepEqual(ingest.logged('audit_failed'), [])
  const days = await cluster.store.rows<{ day: number }>(
    'SELECT toUInt16(any(log_day)) AS day FROM trades GROUP BY log_offset ORDER BY log_offset',
  )
  const inOrder = days.map(({ day }) => day)
  const ofTimes = messages.map(({ timestamp }) => Math.floor(Number(timestamp) / (24 * HOUR_MS)))
  assert.notDeepEqual(ofTimes, ofTimes.toSorted(), 'days return')
  assert.deepEqual(inOrder, ofTimes)
  assert.equal(new Set(inOrder).size, 3)
  const positions = await checkPositions(cluster.store, cluster.log)
  const result = await compareTrades(cluster.store, 'binance', trades)
  report(t, 'two midnights in the times of records', positions, result)
  assertPositions(positions)
  assertTrades(result)
  assert.deepEqual(await gapsOf(cluster.store, 'binance', 'open'), [], 'what came late has closed its gap')
})

const LINE = '{"symbol":"AAA","price":1.5,"volume":2,"timestamp":"2026-11-22T12:00:00Z"}'
const GOOD = foreignRecord(0, tradesOf('external', tradesFrom('AAA', 1, 2)))
const OURS = { kind: 'trades', format: 'native', version: '1', ticks: '2' }

/** What only another program writes: `message` as it would. */
const FOREIGN: readonly (Outcome & { message: Omit<ForeignMessage, 'partition'> })[] = [
  { what: 'a good line without headers', message: { value: LINE }, reasons: [], good: 1 },
  { what: 'two good lines without headers', message: { value: `${LINE}\n${LINE}\n` }, reasons: [], good: 2 },
  {
    what: 'no JSON, no headers',
    message: { value: 'hello' },
    reasons: ['undecodable_record'],
    raw: [Buffer.from('hello')],
  },
  { what: 'nothing at all', message: { value: null }, reasons: ['unknown_format'] },
  { what: 'an empty value', message: { value: '' }, reasons: ['undecodable_record'] },
  {
    what: 'a key and our headers',
    message: { key: 'AAA', value: null, headers: OURS },
    reasons: ['undecodable_record'],
  },
  {
    what: 'a null byte in a symbol',
    message: { value: LINE.replace('AAA', 'A\\u0000B') },
    reasons: ['symbol_invalid'],
  },
  { what: 'no headers but one', message: { ...GOOD, headers: { kind: 'trades' } }, reasons: ['unknown_format'] },
  {
    what: 'a version that is no number',
    message: { ...GOOD, headers: { ...OURS, version: 'one' } },
    reasons: ['unknown_format'],
  },
  {
    what: 'fewer ticks than none',
    message: { ...GOOD, headers: { ...OURS, ticks: '-5' } },
    reasons: ['undecodable_record'],
  },
  {
    what: 'more ticks than a number',
    message: { ...GOOD, headers: { ...OURS, ticks: '9'.repeat(40) } },
    reasons: ['undecodable_record'],
  },
  {
    what: 'a header twice',
    message: { ...GOOD, headers: { ...OURS, version: ['1', '2'] } },
    reasons: ['unknown_format'],
  },
  {
    what: 'headers of others beside ours',
    message: { ...GOOD, headers: { ...OURS, trace: 'x' } },
    reasons: [],
    good: 2,
  },
]

test('poison from another client at one record in a hundred: good ones stored, bad ones kept with their reason', {
  skip,
}, async t => {
  const schedule = new Schedule(t)
  const poisons = POISONS.map(({ record, ...outcome }) => ({ ...outcome, message: foreignRecord(0, record) }))
  const all = Array.from({ length: rounds(1, 10) }, () => [...poisons, ...FOREIGN]).flat()
  for (let left = all.length - 1; left > 0; left--) {
    const other = schedule.below(left + 1)
    ;[all[left], all[other]] = [all[other]!, all[left]!]
  }
  const cluster = await Cluster.start(t, ground)
  const ingest = cluster.instance.run('ingest')
  await ingest.waitFor('ingest_started', { partition: 0 })
  const trades = tradesFrom('AAA', 1, all.length * 99 * 3)
  const placed = new Map<number, Outcome>()
  for (const [index, { message, ...outcome }] of all.entries()) {
    placed.set(index * 100 + 99, outcome)
    await cluster.log.append(0, recordsOf(trades.slice(index * 297, index * 297 + 297), 3))
    await cluster.outside.produce([{ ...message, partition: 0 }])
  }
  await cluster.drained()
  assert.deepEqual(await ingest.end('SIGTERM'), { code: 0, signal: null }, 'it stayed up')
  for (const failure of ['insert_failed', 'ingest_failed', 'audit_failed'] as const)
    assert.deepEqual(ingest.logged(failure), [])
  const positions = await checkPositions(cluster.store, cluster.log)
  const result = await compareTrades(cluster.store, 'binance', trades)
  report(t, `${placed.size} poisoned records of ${cluster.log.bounds(0).next}`, positions, result)
  assertPositions(positions)
  assertTrades(result)
  await assertKept(cluster.store, placed)
})
