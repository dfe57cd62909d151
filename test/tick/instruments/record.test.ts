import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  InstrumentColumns,
  type InstrumentRow,
  SIZES,
  TIMES,
  WORDS,
} from '../../../src/tick/instruments/instruments.ts'
import { INSTRUMENTS } from '../../../src/tick/kinds.ts'
import { BlockError } from '../../../src/tick/native.ts'
import { reasonOf } from '../../../src/tick/validate.ts'

const fields = <T>(names: readonly string[], value: fc.Arbitrary<T>) =>
  fc.record(Object.fromEntries(names.map(name => [name, value])))
const ms = fc.integer({ min: 0, max: Date.UTC(2200, 0) })
/** Without -0, which JSON of quarantine does not distinguish. */
const size = fc.double().map(value => (value === 0 ? 0 : value))
const row: fc.Arbitrary<InstrumentRow> = fc
  .tuple(fields(WORDS, fc.string({ unit: 'grapheme', maxLength: 12 })), fields(SIZES, size), fields(TIMES, ms))
  .map(parts => Object.assign({}, ...parts) as unknown as InstrumentRow)

function columnsOf(rows: readonly InstrumentRow[]): InstrumentColumns {
  const columns = new InstrumentColumns(0)
  for (const one of rows) columns.add(one)
  return columns
}

/** The rows again, in ms. */
function rowsOf({ length, words, codes, sizes, times }: InstrumentColumns): InstrumentRow[] {
  return Array.from({ length }, (_, at) =>
    Object.fromEntries([
      ...WORDS.map(name => [name, words[name].words[codes[name][at]!]]),
      ...SIZES.map(name => [name, sizes[name][at]]),
      ...TIMES.map(name => [name, Number(times[name][at]! / 1_000_000n)]),
    ]),
  ) as InstrumentRow[]
}

test('any rows are read back from a log record, and any range of them from other columns', () => {
  const used = new InstrumentColumns(3)
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), fc.nat(20), fc.nat(20), (rows, one, other) => {
      const columns = columnsOf(rows)
      const { ticks, payload } = INSTRUMENTS.encode(columns)
      assert.equal(ticks, rows.length)
      assert.deepEqual(rowsOf(INSTRUMENTS.decode(payload, used)), rows)
      const [start, end] = [Math.min(one, other, rows.length), Math.min(Math.max(one, other), rows.length)]
      const joined = columnsOf(rows.slice(0, 2))
      joined.appendRange(columns, start, end)
      assert.deepEqual(rowsOf(joined), [...rows.slice(0, 2), ...rows.slice(start, end)])
    }),
  )
})

test('a record that is cut or altered is refused, or read as other rows, and never breaks the reader', () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), fc.nat(), fc.nat(255), (rows, at, byte) => {
      const { payload } = INSTRUMENTS.encode(columnsOf(rows))
      assert.throws(() => INSTRUMENTS.decode(payload.subarray(0, at % payload.length)), BlockError)
      const altered = Uint8Array.from(payload)
      altered[at % payload.length] = byte
      try {
        INSTRUMENTS.decode(altered)
      } catch (error) {
        assert.ok(error instanceof BlockError, String(error))
      }
    }),
  )
})

test('a refused row is read back from quarantine value for value', () => {
  fc.assert(
    fc.property(row, one => {
      const raw = INSTRUMENTS.values(columnsOf([one]), 0)
      const again = INSTRUMENTS.readValues(raw, one.received_at * 1000)
      assert.deepEqual(again && rowsOf(again), [one])
    }),
  )
})

test('a row is refused for a size, a time, a venue or a symbol that none can have', () => {
  const good: InstrumentRow = {
    ...{ venue: 'binance', symbol: '@142', change: 'found', kind: 'spot', base: '', quote: '', aliases: '' },
    ...{ status: 'trading', sessions: '', tick_size: 0, lot_size: 0, contract_size: 0 },
    ...{ expires_at: 0, first_seen: 1, last_seen: 1, received_at: 1 },
  }
  const reasons: [Partial<InstrumentRow>, string][] = [
    [{ tick_size: Number.NaN }, 'instrument_size_out_of_range'],
    [{ lot_size: -1 }, 'instrument_size_out_of_range'],
    [{ contract_size: Number.POSITIVE_INFINITY }, 'instrument_size_out_of_range'],
    [{ expires_at: -1 }, 'timestamp_out_of_range'],
    [{ venue: 'nowhere' }, 'unknown_venue'],
    [{ symbol: '' }, 'symbol_invalid'],
    [{ symbol: 'A B' }, 'symbol_invalid'],
  ]
  const codes = new Uint8Array(reasons.length + 1)
  const rows = [good, ...reasons.map(([wrong]) => ({ ...good, ...wrong }))]
  assert.equal(INSTRUMENTS.validate(columnsOf(rows), new Set(['binance']), codes), reasons.length)
  assert.deepEqual(
    [...codes].map(code => (code === 0 ? '' : reasonOf(code))),
    ['', ...reasons.map(([, reason]) => reason)],
  )
})
