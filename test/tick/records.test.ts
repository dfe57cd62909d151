import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BlockError } from '../../src/tick/native.ts'
import { type RefusedFrame, readRefused, readTrades, refusedRecord, tradesRecord } from '../../src/tick/records.ts'
import { ORIGIN, type Origin, type Side, TradeColumns } from '../../src/tick/trades.ts'

/** Any valid trades, of a few venues and symbols. */
const anyTrades = fc
  .array(
    fc.tuple(
      fc.constantFrom('binance', 'kraken', 'é', ''),
      fc.oneof(fc.constantFrom('BTCUSDT', 'BTC/USD'), fc.string({ maxLength: 40 })),
      fc.integer({ min: 0, max: 4_000_000_000_000_000 }),
      fc.integer({ min: 0, max: 999 }),
      fc.double(),
      fc.double(),
      fc.integer({ min: 0, max: 2 }),
      fc.oneof(fc.maxSafeInteger().map(Math.abs), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
      // Almost no venue sends aggregates: without one there are no columns for them.
      fc.option(fc.tuple(fc.maxSafeNat(), fc.maxSafeNat()), { freq: 2, nil: [0, 0] as const }),
      // Nor do most state conditions.
      fc.option(fc.constantFrom('@', '@,I', ' ,7,V'), { freq: 2, nil: '' }),
    ),
    { minLength: 1, maxLength: 400 },
  )
  .map(rows => {
    const trades = new TradeColumns(rows.length)
    for (const [venue, symbol, micros, nanos, price, volume, side, id, [firstId, lastId], conditions] of rows) {
      trades.add({
        venue,
        symbol,
        timestampMicros: micros,
        timestampNanos: nanos,
        receivedAtMicros: micros + 1,
        price,
        volume,
        side: side as Side,
        tradeId: id,
        firstId,
        lastId,
        conditions,
        origin: ORIGIN.live,
      })
    }
    return trades
  })

const rowsOf = (trades: TradeColumns) =>
  Array.from({ length: trades.length }, (_, row) => [
    trades.venues.words[trades.venue[row]!],
    trades.symbols.words[trades.symbol[row]!],
    trades.timestamp[row],
    trades.receivedAt[row],
    trades.price[row],
    trades.volume[row],
    trades.side[row],
    trades.tradeId[row],
    trades.origin[row],
    trades.joined?.first[row] ?? 0n,
    trades.joined?.last[row] ?? 0n,
    trades.conditions?.text(row) ?? '',
  ])

test('trades read back from a record are the trades written, to the last bit', () => {
  fc.assert(
    fc.property(anyTrades, trades => {
      const record = tradesRecord(trades)
      assert.equal(record.ticks, trades.length)
      assert.deepEqual(rowsOf(readTrades(record.payload)), rowsOf(trades))
    }),
  )
})

test('trades taken from one batch into another keep the ids that they join, and their conditions', () => {
  fc.assert(
    fc.property(fc.array(anyTrades, { maxLength: 4 }), batches => {
      const all = new TradeColumns(0)
      for (const trades of batches) all.appendRange(trades, 1, trades.length)
      assert.deepEqual(
        rowsOf(all),
        batches.flatMap(trades => rowsOf(trades).slice(1)),
      )
      all.clear()
      assert.equal(all.joined, undefined)
      assert.equal(all.conditions, undefined)
    }),
  )
})

test('a block that was cut off anywhere is refused, never read as fewer trades', () => {
  fc.assert(
    fc.property(anyTrades, fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (trades, share) => {
      const { payload } = tradesRecord(trades)
      assert.throws(() => readTrades(payload.subarray(0, Math.floor(payload.length * share))), BlockError)
    }),
  )
})

test('a block with any byte changed is read or refused, and never takes the process down', () => {
  fc.assert(
    fc.property(anyTrades, fc.nat(), fc.integer({ min: 1, max: 255 }), (trades, place, change) => {
      const payload = Uint8Array.from(tradesRecord(trades).payload)
      payload[place % payload.length]! ^= change
      try {
        assert.ok(readTrades(payload).length >= 0)
      } catch (error) {
        assert.ok(error instanceof BlockError, String(error))
      }
    }),
  )
})

test('a block that goes on after its last column is refused', () => {
  const trades = new TradeColumns(1)
  trades.add({
    venue: 'binance',
    symbol: 'BTCUSDT',
    timestampMicros: 1,
    timestampNanos: 0,
    receivedAtMicros: 1,
    price: 1,
    volume: 1,
    side: 1,
    tradeId: 1,
    origin: ORIGIN.live,
  })
  const { payload } = tradesRecord(trades)
  assert.throws(() => readTrades(Buffer.concat([payload, Buffer.from([0])])), /after the last column/)
})

test('version 1 of a record of trades is these bytes for ever: old logs stay readable', () => {
  const trades = new TradeColumns(2)
  trades.add({
    venue: 'binance',
    symbol: 'BTCUSDT',
    timestampMicros: 1_723_161_255_342_000,
    timestampNanos: 0,
    receivedAtMicros: 1_723_161_254_087_896,
    price: 61_837.63,
    volume: 0.02,
    side: 2,
    tradeId: 3_735_683_259,
    origin: ORIGIN.live,
  })
  trades.add({
    venue: 'kraken',
    symbol: 'BTC/USD',
    timestampMicros: 1_723_161_255_617_000,
    timestampNanos: 7,
    receivedAtMicros: 1_723_161_254_347_673,
    price: 61_837.5,
    volume: 0.048,
    side: 1,
    tradeId: 2n ** 63n,
    origin: ORIGIN.repair as Origin,
  })
  assert.equal(Buffer.from(tradesRecord(trades).payload).toString('base64'), GOLDEN)
  assert.deepEqual(rowsOf(readTrades(Buffer.from(GOLDEN, 'base64'))), rowsOf(trades))
})

test('refused frames keep any raw text through a record', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 20 }), raws => {
      const frames = raws.map(raw => ({
        venue: 'kraken',
        reason: 'malformed_frame' as const,
        detail: 'cut off\nhere',
        raw,
        receivedAtMicros: 1,
      }))
      const record = refusedRecord(frames)
      assert.equal(record.ticks, frames.length)
      const bytes = (frame: RefusedFrame) => ({ ...frame, raw: Buffer.from(frame.raw as Uint8Array) })
      assert.deepEqual(readRefused(record.payload).map(bytes), frames.map(bytes))
    }),
  )
})

test('a refused frame of an unknown reason is no such record', () => {
  const line = JSON.stringify({ venue: 'kraken', reason: 'mood', detail: '', raw: '', receivedAtMicros: 1 })
  assert.throws(() => readRefused(Buffer.from(line)), TypeError)
})

const GOLDEN =
  'CQIFdmVudWUWTG93Q2FyZGluYWxpdHkoU3RyaW5nKQEAAAAAAAAAAAYAAAAAAAACAAAAAAAAAAdiaW5hbmNlBmtyYWtlbgIAAAAAAAAAAAEGc3ltYm9sFkxvd0NhcmRpbmFsaXR5KFN0cmluZykBAAAAAAAAAAAGAAAAAAAAAgAAAAAAAAAHQlRDVVNEVAdCVEMvVVNEAgAAAAAAAAAAAQl0aW1lc3RhbXAURGF0ZVRpbWU2NCg5LCAnVVRDJymAR2AzCObpF0dyxEMI5ukXC3JlY2VpdmVkX2F0FERhdGVUaW1lNjQoOSwgJ1VUQycpwCug6Afm6ReoDRz4B+bpFwVwcmljZQdGbG9hdDY0j8L1KLQx7kAAAAAAsDHuQAZ2b2x1bWUHRmxvYXQ2NHsUrkfhepQ/+n5qvHSTqD8Ec2lkZStFbnVtOCgndW5rbm93bicgPSAwLCAnYnV5JyA9IDEsICdzZWxsJyA9IDIpAgEIdHJhZGVfaWQGVUludDY0uwCq3gAAAAAAAAAAAAAAgAZvcmlnaW4tRW51bTgoJ2xpdmUnID0gMCwgJ3JlcGFpcicgPSAxLCAncmVwbGF5JyA9IDIpAAE='
