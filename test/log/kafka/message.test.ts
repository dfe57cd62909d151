import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RecordsBatch } from '@platformatic/kafka'
import { decode } from '../../../src/ingest/decode.ts'
import { type ReadPosition, recordsOf, toMessage } from '../../../src/log/kafka/message.ts'
import { numbered } from '../../contracts/log.ts'

type Message = RecordsBatch['records'][number]
const LOG_APPEND_TIME = 8
const CONTROL = 32

function message(offsetDelta: number, value: Buffer | null, headers: Record<string, string> = {}): Message {
  const pairs = Object.entries(headers).map(([name, text]): [Buffer, Buffer] => [Buffer.from(name), Buffer.from(text)])
  return { length: 0, attributes: 0, timestampDelta: 0n, offsetDelta, key: null, value, headers: pairs }
}

function batch(firstOffset: number, records: Message[], attributes = LOG_APPEND_TIME, atMs = 1000): RecordsBatch {
  const lastOffsetDelta = Math.max(0, ...records.map(record => record.offsetDelta))
  const rest = { length: 0, partitionLeaderEpoch: 0, magic: 2, crc: 0, producerId: -1n, producerEpoch: -1 }
  const times = { firstTimestamp: BigInt(atMs), maxTimestamp: BigInt(atMs) }
  return { ...rest, ...times, firstOffset: BigInt(firstOffset), attributes, lastOffsetDelta, firstSequence: 0, records }
}

const place = (next = 0): ReadPosition => ({ kind: 'trades', partition: 3, next, lastMs: 0, leaderEpoch: -1 })
const TICK = '{"symbol":"A","price":1,"volume":1,"timestamp":1700000000}'

test('a record survives the round trip through a message', () => {
  const record = { ...numbered(5), kind: 'quotes', format: 'json', version: 7 }
  const { value, headers } = toMessage('t', 0, record)
  const sent = { ...message(0, value), headers: [...headers!] }
  const [entry] = recordsOf([batch(9, [sent])], place(9))
  const times = { timestampMs: 1000, writtenMs: 1000 }
  assert.deepEqual(entry, { ...record, payload: entry!.payload, partition: 3, offset: 9, ...times, leaderEpoch: 0 })
  assert.deepEqual(Buffer.from(entry!.payload), Buffer.from(record.payload))
  assert.notEqual(entry!.payload.buffer, value.buffer)
})

test('a message without our headers is JSON of the topic’s kind, with its lines counted', () => {
  const value = Buffer.from(`${TICK}\n\n${TICK}\n`)
  const [entry] = recordsOf([batch(0, [message(0, value, { traceparent: 'x' })])], place())
  assert.deepEqual([entry!.kind, entry!.format, entry!.version, entry!.ticks], ['trades', 'json', 1, 2])
  const { ticks: trades, refused } = decode(entry!)
  assert.deepEqual([trades.length, refused.length], [2, 0])
})

test('any message content becomes a record at its offset, refused with a reason', () => {
  const records = [
    message(0, null),
    message(1, Buffer.alloc(0)),
    message(2, Buffer.from('x'), { kind: 'trades', format: 'native', version: 'one', ticks: '1' }),
    message(3, Buffer.from('x'), { kind: 'trades', format: 'native', version: '1', ticks: '-1' }),
    message(4, Buffer.from('x'), { kind: 'trades', format: 'native', version: '1', ticks: '99999999999999999999' }),
    message(5, Buffer.from('x'), { ticks: '1' }),
    message(6, null, { kind: 'trades', format: 'native', version: '1', ticks: '1' }),
    { ...message(7, Buffer.from('{')), headers: [[null, null]] as Message['headers'] },
  ]
  const entries = recordsOf([batch(0, records)], place())
  assert.deepEqual(
    entries.map(({ offset }) => offset),
    [0, 1, 2, 3, 4, 5, 6, 7],
  )
  const outcomes = entries.map(entry => {
    const { ticks: trades, refused } = decode(entry)
    assert.equal(trades.length, 0)
    assert.equal(
      refused.reduce((sum, { ticks }) => sum + ticks, 0),
      entry.ticks,
      'log and table must count alike',
    )
    return `${refused[0]!.reason}: ${refused[0]!.detail}`
  })
  assert.deepEqual(outcomes.slice(0, 6), [
    'unknown_format: format tombstone',
    'undecodable_record: a record without ticks',
    'unknown_format: format native version -1',
    ...outcomes.slice(3, 5),
    'unknown_kind: kind ',
  ])
  assert.match(outcomes[3]!, /^undecodable_record/)
  assert.match(outcomes[6]!, /^undecodable_record/)
  assert.match(outcomes[7]!, /^undecodable_record/)
})

test('offsets of markers and compacted messages become records that are refused', () => {
  const compacted = batch(4, [message(0, Buffer.from(TICK)), message(3, Buffer.from(TICK))])
  compacted.lastOffsetDelta = 5
  const entries = recordsOf(
    [batch(2, [message(0, Buffer.from(TICK))]), batch(3, [message(0, null)], CONTROL), compacted],
    place(2),
  )
  assert.deepEqual(
    entries.map(({ offset, kind }) => [offset, kind]),
    [
      [2, 'trades'],
      [3, 'none'],
      [4, 'trades'],
      [5, 'none'],
      [6, 'none'],
      [7, 'trades'],
      [8, 'none'],
      [9, 'none'],
    ],
  )
  assert.equal(decode(entries[1]!).refused[0]!.reason, 'unknown_kind')
})

test('of a batch that starts before the requested offset, only the records from there on are returned', () => {
  const records = [0, 1, 2, 3].map(delta => message(delta, Buffer.from(TICK)))
  const at = place(12)
  assert.deepEqual(
    recordsOf([batch(10, records)], at).map(({ offset }) => offset),
    [12, 13],
  )
  assert.equal(at.next, 14)
  assert.deepEqual(recordsOf([batch(10, records)], at), [])
})

test('timestamps are the log’s and never fall for a reader', () => {
  const one = (offset: number, atMs: number) => batch(offset, [message(0, Buffer.from(TICK))], LOG_APPEND_TIME, atMs)
  const entries = recordsOf([one(0, 5000), one(1, 3000), one(2, 6000)], place())
  assert.deepEqual(
    entries.map(({ timestampMs }) => timestampMs),
    [5000, 5000, 6000],
  )
})
