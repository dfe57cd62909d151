import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Batch } from '../../../src/ingest/batch.ts'
import { IdWindow } from '../../../src/ingest/ids/id-window.ts'
import { PartitionIds } from '../../../src/ingest/ids/partition-ids.ts'
import {
  addToBatch,
  type KnownVenues,
  lookupsOf,
  NOTHING_STORED,
  resolveIds,
  validateRecord,
} from '../../../src/ingest/validated-record.ts'
import { tradesRecord } from '../../../src/tick/records.ts'
import type { TradeColumns } from '../../../src/tick/trades.ts'
import { reasonOf } from '../../../src/tick/validate.ts'
import { columnsOf } from '../../support/data/trades.ts'

const VENUES: KnownVenues = new Map([['binance', 'dense']])

const trades = (symbol: string, first: number, count: number, price = 1): TradeColumns =>
  columnsOf(
    'binance',
    Array.from({ length: count }, (_, at) => ({ symbol, tradeId: first + at, price, volume: 2, side: 'sell' })),
  )

/** A partition's ids and the batch that it fills, as ingest has them. */
function partition() {
  const batch = new Batch(0)
  const ids = new PartitionIds({ venues: VENUES, changed: () => {}, restarted: () => {}, nowMicros: () => 0 })
  let offset = 0
  const validate = (columns: TradeColumns) =>
    validateRecord({ ...tradesRecord(columns), partition: 0, offset: offset++, timestampMs: 0 }, VENUES, ids.of)
  const add = (columns: TradeColumns) => {
    const record = validate(columns)
    resolveIds(record, VENUES, ids.of, NOTHING_STORED)
    addToBatch(batch, record, 0)
  }
  return { batch, ids, validate, add }
}

test('copies of trades in the filling batch need no lookup, however many are between, and neither do the next', () => {
  const { ids, batch, validate, add } = partition()
  for (let at = 0; at < 6; at++) {
    add(trades('BTCUSDT', 1_000 * at, 1_000))
    add(trades('ETHUSDT', 70 * at, 70))
  }
  const late = validate(trades('BTCUSDT', 0, 1_000))
  const lookups = lookupsOf(late, VENUES, ids.of)
  assert(lookups.length > 0, 'without them in memory')
  ids.recall(batch.trades, lookups)
  assert.deepEqual(lookupsOf(late, VENUES, ids.of), [])
  resolveIds(late, VENUES, ids.of, NOTHING_STORED)
  assert.deepEqual(new Set(Array.from(late.codes, reasonOf)), new Set(['trade_repeated']))
  for (let at = 1; at < 6; at++) {
    add(trades('BTCUSDT', 1_000 * (at + 5), 1_000))
    const next = validate(trades('BTCUSDT', 1_000 * at, 1_000))
    assert.equal(next.row, 1_000, 'followed without leaving the fast loop')
    assert.equal(next.marked, 1_000)
  }
})

test('a trade taken back into memory is compared: another price is a conflict', () => {
  const { ids, batch, validate, add } = partition()
  for (let at = 0; at < 6; at++) add(trades('BTCUSDT', 1_000 * at, 1_000))
  const late = validate(trades('BTCUSDT', 10, 10, 7))
  ids.recall(batch.trades, lookupsOf(late, VENUES, ids.of))
  resolveIds(late, VENUES, ids.of, NOTHING_STORED)
  assert.deepEqual(new Set(Array.from(late.codes, reasonOf)), new Set(['conflicting_id']))
})

test('a trade taken back into memory replaces none', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 300 }), ids => {
      const columns = columnsOf(
        'binance',
        ids.map((tradeId, at) => ({ symbol: 'BTCUSDT', tradeId, price: 1 + at, volume: 2, side: 'sell' })),
      )
      const window = new IdWindow(128)
      for (let row = 0; row < ids.length; row++) window.add(columns, row)
      const held = [...ids.keys()].filter(row => window.has(columns, row))
      window.widen(512)
      for (let row = ids.length - 1; row >= 0; row--) window.recall(columns, row)
      for (const row of held) assert(window.has(columns, row))
      for (const [row, id] of ids.entries()) assert.equal(window.has(columns, row), ids.lastIndexOf(id) === row)
    }),
  )
})
