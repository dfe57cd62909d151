import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareDayFile, isEqual } from '../../src/reconcile/day-file.ts'
import { isWhole } from '../../src/reconcile/file-check.ts'
import { readRows } from '../../src/reconcile/file-rows.ts'
import { StoredTrades } from '../../src/reconcile/stored.ts'
import { tradesRecord } from '../../src/tick/records.ts'
import { ORIGIN, SIDE, TradeColumns } from '../../src/tick/trades.ts'

const DAY = '2025-01-01'
const START = Date.parse(`${DAY}T00:00:00Z`) * 1000
const IDS = [101, 102, 103, 104, 105]
const row = (id: number, price = '61837.63000000', micros = START + id * 1000) =>
  `${id},${price},0.00100000,61.83763000,${micros},True,True`

/** Answers as the store does for trades of these ids, by the conditions on ids in the statement. */
function stored(ids: readonly number[]): StoredTrades {
  const run = async (query: string, format: string) => {
    const above = Number(/trade_id > (\d+) AND/.exec(query)?.[1] ?? 0)
    const upTo = Number(/trade_id <= (\d+)/.exec(query)?.[1] ?? Number.MAX_SAFE_INTEGER)
    const named = /trade_id IN \(([^)]+)\)/.exec(query)?.[1]?.split(', ').map(Number)
    if (format !== 'Native') {
      const last = Number(/trade_id > (\d+)\)/.exec(query)?.[1])
      const after = ids.filter(id => id > last)
      return Buffer.from(
        after.length > 0 ? JSON.stringify({ ids: after.length, first: after[0], last: after.at(-1) }) : '',
      )
    }
    const trades = new TradeColumns(ids.length)
    for (const tradeId of ids.filter(id => (named ? named.includes(id) : id > above && id <= upTo)))
      trades.add({
        ...{ venue: 'binance', symbol: 'BTCUSDT', timestampMicros: START + tradeId * 1000, timestampNanos: 0 },
        ...{ receivedAtMicros: 0, price: 61837.63, volume: 0.001, side: SIDE.sell, tradeId, origin: ORIGIN.live },
        ...{ firstId: 1, lastId: 1, conditions: 'x' },
      })
    return trades.length === 0 ? Buffer.alloc(0) : tradesRecord(trades).payload
  }
  return new StoredTrades(run, { venue: 'binance', symbol: 'BTCUSDT', day: DAY })
}

async function* chunks(text: string, bytes = 7) {
  for (let at = 0; at < text.length; at += bytes) yield Buffer.from(text.slice(at, at + bytes))
}

const compare = (lines: string[]) => compareDayFile(chunks(lines.join('\n')), stored(IDS), 'µs')

test('a whole file of what is stored is equal', async () => {
  const result = await compare(IDS.map(id => row(id)))
  assert.ok(isWhole(result) && isEqual(result))
})

test('five faults of a file are each found: missing rows, a doubled row, a changed price, times in ms, a cut end', async () => {
  const without = await compare([101, 104, 105].map(id => row(id)))
  assert.deepEqual(without.fileMissing.ranges, [{ first: 102, last: 103 }])
  assert.equal(without.missingThere.ids, 2)
  assert.equal((await compare([101, 102, 102, 103, 104, 105].map(id => row(id)))).repeated.ids, 1)
  const changed = await compare(IDS.map(id => row(id, id === 103 ? '61837.64000000' : undefined)))
  assert.deepEqual(changed.differences, [{ id: 103, column: 'price', file: '61837.64', stored: '61837.63' }])
  const flipped = await compare(IDS.map(id => row(id, undefined, START / 1000 + id)))
  assert.deepEqual([flipped.otherUnit, flipped.equal], [5, 5])
  const cut = await compare([row(101), row(102), row(103).slice(0, 20)])
  assert.equal(cut.badLines.lines, 1)
  assert.deepEqual(cut.missingThere.ranges, [{ first: 103, last: 105 }])
})

test('a trade that is not stored is named', async () => {
  const result = await compare([...IDS, 106].map(id => row(id)))
  assert.deepEqual([result.missingHere.ranges, isEqual(result)], [[{ first: 106, last: 106 }], false])
})

test('decimals are read as the nearest doubles, wherever chunks are cut', async () => {
  const decimal = fc.tuple(fc.bigInt({ min: 1n, max: 10n ** 20n }), fc.integer({ min: 1, max: 12 }))
  await fc.assert(
    fc.asyncProperty(decimal, fc.integer({ min: 1, max: 90 }), async ([digits, places], bytes) => {
      const text = String(digits).padStart(places + 1, '0')
      const price = `${text.slice(0, -places)}.${text.slice(-places)}`
      for await (const rows of readRows(chunks(`${row(7, price)}\r\n`, bytes), () => assert.fail()))
        assert.deepEqual([rows.length, rows.price[0]], [1, Number(price)])
    }),
  )
})
