import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { TICK_KINDS } from '../../../src/archive/kinds.ts'
import { summarise } from '../../../src/archive/seal/summary.ts'
import type { SymbolSummary } from '../../../src/proof/leaf.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/store.ts'
import { decimalOf, sumOf } from '../../support/data/exact-decimals.ts'

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-summary-'))
const TRADES = TICK_KINDS.find(({ table }) => table === 'trades')!
const IDS = new Map([
  ['binance', 'dense'],
  ['gemini', 'rising'],
] as const)
let store: Store
let files = 0

before(async () => {
  store = await openStore(`chdb:${directory}/store`)
})
after(async () => {
  await store.close()
  fs.rmSync(directory, { recursive: true, force: true })
})

interface Trade {
  id: bigint
  price: number
  volume: number
}

/** Summary of a Parquet file with these trades of one symbol. */
async function summaryOf(trades: readonly Trade[], venue = 'binance'): Promise<SymbolSummary> {
  const file = `${directory}/${files++}.parquet`
  const rows = trades.map(
    ({ id, price, volume }, at) =>
      `('${venue}', 'AAA', toDateTime64(${1_790_000_000 + at}, 9, 'UTC'), reinterpretAsFloat64(${bits(price)}), reinterpretAsFloat64(${bits(volume)}), ${id}, 0)`,
  )
  const structure =
    "venue String, symbol String, timestamp DateTime64(9, \\'UTC\\'), price Float64, volume Float64, trade_id UInt64, id_run UInt16"
  await store.writeParquet(`SELECT * FROM values('${structure}', ${rows.join(', ')})`, {}, file)
  const [summary] = await summarise({ rows: select => store.rows(select) }, TRADES, file, IDS)
  assert.equal(summary!.venue, venue)
  return summary!.symbols[0]!
}

function bits(value: number): string {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  return `toUInt64(${view.getBigUint64(0)})`
}

const isExact = (value: number) => decimalOf(value).decimals <= 20 && Math.abs(value) < 1e36

test('sums are exact, whatever the doubles, and what has too many digits is counted apart', async () => {
  const double = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer({ min: 1, max: 10_000_000 }).map(units => units / 100),
    fc.integer({ min: 1, max: 10_000_000 }).map(units => units / 1e8),
    // Up to 16 digits, with up to 12 decimals: on both sides of what is summed as integers.
    fc.tuple(fc.maxSafeNat(), fc.integer({ min: 0, max: 12 })).map(([units, decimals]) => units / 10 ** decimals),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(double, double), { minLength: 1, maxLength: 30 }), async pairs => {
      const some = pairs.map(([price, volume], at) => ({
        id: BigInt(at + 1),
        price: Math.abs(price),
        volume: Math.abs(volume),
      }))
      const { trades } = await summaryOf(some)
      const exact = some.filter(({ price, volume }) => isExact(price) && isExact(volume))
      assert.equal(trades!.inexact, some.length - exact.length)
      assert.equal(trades!.volume, sumOf(exact.map(({ volume }) => [volume])))
      // The product of two numbers below 10^36 may have more digits than the engine's decimals.
      if (exact.every(({ price, volume }) => price * volume < 1e30))
        assert.equal(trades!.notional, sumOf(exact.map(({ price, volume }) => [price, volume])))
    }),
    { numRuns: 60 },
  )
})

test('missing ids are the ranges between those there, up to the highest ids', async () => {
  const offsets = [0n, 10n ** 9n, 2n ** 33n - 20n, 2n ** 63n - 100n]
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...offsets),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 }),
      async (offset, ids) => {
        const { trades } = await summaryOf(ids.map(id => ({ id: offset + BigInt(id), price: 1, volume: 1 })))
        const held = new Set(ids)
        const missing: number[] = []
        for (let id = Math.min(...ids); id <= Math.max(...ids); id++) if (!held.has(id)) missing.push(id)
        const stated = trades!.missing!.flatMap(([first, last]) =>
          Array.from(
            { length: Number(BigInt(last) - BigInt(first)) + 1 },
            (_, at) => Number(BigInt(first) - offset) + at,
          ),
        )
        assert.deepEqual(stated, missing)
        assert.equal(trades!.ids, held.size)
        assert.equal(trades!.moreMissing, 0)
        assert.equal(trades!.firstId, String(offset + BigInt(Math.min(...ids))))
        assert.equal(trades!.lastId, String(offset + BigInt(Math.max(...ids))))
      },
    ),
    { numRuns: 40 },
  )
})

test('at most 50 ranges are stated, and how many more there are', async () => {
  const { trades } = await summaryOf(
    Array.from({ length: 100 }, (_, at) => ({ id: BigInt(at * 2), price: 1, volume: 1 })),
  )
  assert.equal(trades!.missing!.length, 50)
  assert.deepEqual(trades!.missing!.at(-1), ['99', '99'])
  assert.equal(trades!.moreMissing, 49)
})

test('of a venue whose ids are not dense, no range is stated; of one without known ids, none at all', async () => {
  const rising = await summaryOf(
    [
      { id: 5n, price: 1, volume: 1 },
      { id: 50n, price: 1, volume: 1 },
    ],
    'gemini',
  )
  assert.deepEqual(
    [rising.trades!.firstId, rising.trades!.lastId, rising.trades!.missing, rising.trades!.ids],
    ['5', '50', null, null],
  )
  const unknown = await summaryOf([{ id: 5n, price: 1, volume: 1 }], 'elsewhere')
  assert.deepEqual([unknown.trades!.firstId, unknown.trades!.missing], [null, null])
})
