/** Malformed log records, each with its expected result. */
import assert from 'node:assert/strict'
import type { Store } from '../../../src/store/store.ts'
import { EXTERNAL_VENUE } from '../../../src/tick/json.ts'
import { type LogRecord, RECORD_VERSION, tradesRecord } from '../../../src/tick/records.ts'
import type { Refusal } from '../../../src/tick/refusal.ts'
import { SIDE } from '../../../src/tick/trades.ts'
import type { ExpectedTrade } from '../judges/oracle.ts'
import { columnsOf, tradesOf } from './trades.ts'

/** Expected result of a malformed record. */
export interface Outcome {
  what: string
  /** Reasons of its refused ticks, in their order; a record refused as a whole is one row. */
  reasons: Refusal[]
  /** Ticks of it that are good all the same. */
  good?: number
  /** Raw data expected in quarantine, byte for byte: the payload, or its invalid lines. */
  raw?: Uint8Array[]
}

export interface Poison extends Outcome {
  record: LogRecord
}

const TICK: ExpectedTrade = { symbol: 'AAA', tradeId: 1, price: 1, volume: 1, side: 'buy' }
const LINE = { symbol: 'AAA', price: 1.5, volume: 2, timestamp: '2026-11-22T12:00:00Z' }

function json(...lines: string[]): LogRecord {
  return {
    kind: 'trades',
    format: 'json',
    version: RECORD_VERSION,
    ticks: lines.length,
    payload: Buffer.from(lines.join('\n')),
  }
}

/** One JSON line, refused for a reason and kept as it is. */
function badLine(what: string, line: string, reason: Refusal): Poison {
  return { what, record: json(line), reasons: [reason], raw: [Buffer.from(line)] }
}

/** One tick in a Native block that may not be stored. */
function badTick(what: string, change: Partial<ExpectedTrade>, reason: Refusal, venue = EXTERNAL_VENUE): Poison {
  return { what, record: tradesOf(venue, [{ ...TICK, ...change }]), reasons: [reason] }
}

/** A record that cannot be read at all: one row with its payload. */
function unreadable(what: string, record: LogRecord, reason: Refusal = 'undecodable_record'): Poison {
  return { what, record, reasons: [reason], raw: [record.payload] }
}

const good = (): LogRecord => tradesOf(EXTERNAL_VENUE, [TICK, { ...TICK, tradeId: 2 }])

function cut(record: LogRecord, bytes: number): LogRecord {
  return { ...record, payload: record.payload.subarray(0, bytes) }
}

function sideBeyond(): LogRecord {
  const columns = columnsOf(EXTERNAL_VENUE, [TICK])
  columns.side[0] = SIDE.sell + 5
  return tradesRecord(columns)
}

function before1970(): LogRecord {
  const columns = columnsOf(EXTERNAL_VENUE, [TICK])
  columns.timestamp[0] = -1n
  return tradesRecord(columns)
}

export const POISONS: readonly Poison[] = [
  badLine('bad JSON', '{"symbol":"AAA","price":', 'undecodable_record'),
  badLine('2 MB of no JSON', 'x'.repeat(2 * 2 ** 20), 'undecodable_record'),
  badLine('a JSON array', '[1,2]', 'undecodable_record'),
  badLine('a number as symbol', JSON.stringify({ ...LINE, symbol: 5 }), 'symbol_invalid'),
  badLine('an object as price', JSON.stringify({ ...LINE, price: {} }), 'price_out_of_range'),
  badLine('a word as volume', JSON.stringify({ ...LINE, volume: 'much' }), 'volume_out_of_range'),
  badLine('a word as time', JSON.stringify({ ...LINE, timestamp: 'soon' }), 'timestamp_out_of_range'),
  badLine('a side up', JSON.stringify({ ...LINE, side: 'up' }), 'side_unknown'),
  {
    what: 'a bad line between two good ones',
    record: json(JSON.stringify(LINE), '{"sym', JSON.stringify({ ...LINE, trade_id: 7 })),
    reasons: ['undecodable_record'],
    good: 2,
    raw: [Buffer.from('{"sym')],
  },
  badTick('NaN as price', { price: Number.NaN }, 'price_out_of_range'),
  badTick('1e30 as price', { price: 1e30 }, 'price_out_of_range'),
  badTick('1e30 as volume', { volume: 1e30 }, 'volume_out_of_range'),
  badTick('minus infinity as volume', { volume: Number.NEGATIVE_INFINITY }, 'volume_out_of_range'),
  badTick('a null byte in the symbol', { symbol: 'A\0B' }, 'symbol_invalid'),
  badTick('an empty symbol', { symbol: '' }, 'symbol_invalid'),
  badTick('an unknown venue', {}, 'unknown_venue', 'nowhere'),
  { what: 'a side of 7', record: sideBeyond(), reasons: ['side_unknown'] },
  { what: 'a time before 1970', record: before1970(), reasons: ['timestamp_out_of_range'] },
  unreadable('an older version', { ...good(), version: 0 }, 'unknown_format'),
  unreadable('a newer version', { ...good(), version: RECORD_VERSION + 1 }, 'unknown_format'),
  unreadable('an unknown format', { ...good(), format: 'protobuf' }, 'unknown_format'),
  unreadable('an unknown kind', { ...good(), kind: 'auctions' }, 'unknown_kind'),
  unreadable('a block cut off in its head', cut(good(), 5)),
  unreadable('a block cut off before its last byte', cut(good(), good().payload.length - 1)),
  unreadable('a block and a byte', { ...good(), payload: Buffer.concat([good().payload, Buffer.of(0)]) }),
  unreadable('a count that is not true', { ...good(), ticks: 9 }),
  unreadable('nothing at all', { ...good(), payload: new Uint8Array(0) }),
  unreadable('refused frames that are none', { ...good(), format: 'refused', payload: Buffer.from('null') }),
]

interface Kept {
  offset: number
  reasons: string[]
  raws: string[]
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase()

/** Fails unless quarantine contains exactly the malformed records of these offsets, and the tables their good ticks. */
export async function assertKept(store: Store, placed: ReadonlyMap<number, Outcome>): Promise<void> {
  const kept = await store.rows<Kept>(
    `SELECT toUInt32(log_offset) AS offset, groupArray(reason) AS reasons, groupArray(hex(raw)) AS raws
     FROM (SELECT * FROM quarantine ORDER BY log_offset, log_index) GROUP BY log_offset ORDER BY log_offset`,
  )
  const poisoned = [...placed].filter(([, { reasons }]) => reasons.length > 0)
  assert.deepEqual(
    kept.map(({ offset }) => offset),
    poisoned.map(([offset]) => offset),
  )
  for (const { offset, reasons, raws } of kept) {
    const { what, reasons: expected, raw } = placed.get(offset)!
    assert.deepEqual(reasons, expected, what)
    if (raw) assert.deepEqual(raws, raw.map(hex), what)
  }
  const [{ good } = { good: -1 }] = await store.rows<{ good: number }>(
    'SELECT toUInt32(count()) AS good FROM trades WHERE venue = {venue:String}',
    { venue: EXTERNAL_VENUE },
  )
  const wanted = [...placed.values()].reduce((sum, outcome) => sum + (outcome.good ?? 0), 0)
  assert.equal(good, wanted, 'good ticks beside bad ones')
}
