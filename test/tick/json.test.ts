import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { countJsonLines, readJsonTrades } from '../../src/tick/json.ts'

const read = (...lines: (object | string)[]) =>
  readJsonTrades(
    Buffer.from(lines.map(line => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')),
    5_000_000,
    100n,
  )

const TICK = { symbol: 'AAPL', price: 126.55, volume: 1, timestamp: 1_614_009_104_208 }

test('a tick of symbol, price, volume and timestamp is a trade of venue external, numbered by its place', () => {
  const { trades, refused } = read(TICK)
  assert.deepEqual(refused, [])
  assert.equal(trades.venues.words[trades.venue[0]!], 'external')
  assert.equal(trades.symbols.words[trades.symbol[0]!], 'AAPL')
  assert.deepEqual([trades.price[0], trades.volume[0], trades.side[0], trades.tradeId[0]], [126.55, 1, 0, 100n])
  assert.equal(trades.timestamp[0], 1_614_009_104_208_000_000n)
  assert.equal(trades.receivedAt[0], 5_000_000_000n)
})

test('seconds, ms, µs, ns and RFC 3339 state the same time', () => {
  const times = [
    1_614_009_104,
    1_614_009_104_000,
    1_614_009_104_000_000,
    1_614_009_104_000_000_000,
    '2021-02-22T15:51:44Z',
  ]
  const { trades } = read(...times.map(timestamp => ({ ...TICK, timestamp })))
  assert.deepEqual(
    [...trades.timestamp.subarray(0, trades.length)],
    times.map(() => 1_614_009_104_000_000_000n),
  )
})

test('decimal texts are read as numbers, ids as integers or hashed', () => {
  const { trades } = read(
    { ...TICK, price: '0.00000638', trade_id: '18446744073709551' },
    { ...TICK, trade_id: 'a-7' },
    { ...TICK, trade_id: 'a-7' },
  )
  assert.equal(trades.price[0], 0.00000638)
  assert.equal(trades.tradeId[0], 18_446_744_073_709_551n)
  assert.equal(trades.tradeId[1], trades.tradeId[2])
})

test('a time as text keeps every digit, and seconds as Python writes them are the microsecond that was meant', () => {
  const cases: [unknown, bigint][] = [
    ['1614009104123456789', 1_614_009_104_123_456_789n],
    ['1614009104.123456789', 1_614_009_104_123_456_789n],
    ['1614009104123.5', 1_614_009_104_123_500_000n],
    ['1614009104123456', 1_614_009_104_123_456_000n],
    [1_614_009_104.208, 1_614_009_104_208_000_000n],
    [1_763_843_561.123457, 1_763_843_561_123_457_000n],
  ]
  const { trades } = read(...cases.map(([timestamp]) => ({ ...TICK, timestamp })))
  assert.deepEqual(
    [...trades.timestamp.subarray(0, trades.length)],
    cases.map(([, nanos]) => nanos),
  )
})

test('ids of up to 64 bits are kept, as numbers and as texts', () => {
  const id = '18446744073709551615'
  const number = JSON.stringify({ ...TICK, trade_id: 1 }).replace('"trade_id":1', `"trade_id": ${id} `)
  const { trades } = read({ ...TICK, trade_id: id }, number, { ...TICK, trade_id: `${id}0` })
  assert.deepEqual([trades.tradeId[0], trades.tradeId[1]], [2n ** 64n - 1n, 2n ** 64n - 1n])
  assert.notEqual(trades.tradeId[2], 2n ** 64n - 1n)
})

test('empty lines, CRLF and a byte order mark are no ticks and spoil none', () => {
  const line = JSON.stringify(TICK)
  const payload = Buffer.from(`\ufeff${line}\r\n\r\n  \n${line}\r\n`)
  const { trades, refused } = readJsonTrades(payload, 0, 0n)
  assert.deepEqual([trades.length, refused], [2, []])
  assert.equal(countJsonLines(payload), 2)
})

test('each line that is no tick is refused with its own reason and text, and the others stand', () => {
  const cases: [object | string, string][] = [
    ['{"symbol":', 'undecodable_record'],
    ['[1]', 'undecodable_record'],
    ['null', 'undecodable_record'],
    [{ ...TICK, venue: 3 }, 'unknown_venue'],
    [{ ...TICK, symbol: undefined }, 'symbol_invalid'],
    [{ ...TICK, price: 'NaN' }, 'price_out_of_range'],
    [{ ...TICK, price: null }, 'price_out_of_range'],
    [{ ...TICK, volume: {} }, 'volume_out_of_range'],
    [{ ...TICK, timestamp: 'yesterday' }, 'timestamp_out_of_range'],
    [{ ...TICK, timestamp: -1 }, 'timestamp_out_of_range'],
    [{ ...TICK, timestamp: '2700-01-01T00:00:00Z' }, 'timestamp_out_of_range'],
    [{ ...TICK, timestamp: 1e25 }, 'timestamp_out_of_range'],
    [{ ...TICK, side: 'long' }, 'side_unknown'],
  ]
  const { trades, indexes, refused } = read(TICK, ...cases.map(([line]) => line), TICK)
  assert.equal(trades.length, 2)
  assert.deepEqual([...indexes.subarray(0, 2)], [0, cases.length + 1])
  assert.deepEqual(
    refused.map(line => [line.index, line.reason]),
    cases.map(([, reason], index) => [index + 1, reason]),
  )
  assert.equal(String(refused[0]!.raw), '{"symbol":')
})

test('lines are counted as they are read, whatever the bytes', () => {
  const piece = fc.oneof(
    fc
      .constantFrom('\n', ' ', '\t', '\r', '\u00a0', '\ufeff', '\u2028', '{}', 'é', '\u0000')
      .map(text => Buffer.from(text)),
    fc.uint8Array({ maxLength: 4 }).map(bytes => Buffer.from(bytes)),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), pieces => {
      const payload = Buffer.concat(pieces)
      const { trades, refused } = readJsonTrades(payload, 0, 0n)
      assert.equal(countJsonLines(payload), trades.length + refused.length)
    }),
    { numRuns: 500 },
  )
})
