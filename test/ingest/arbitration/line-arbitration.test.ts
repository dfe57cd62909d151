import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LineArbitration } from '../../../src/ingest/arbitration/line-arbitration.ts'
import { deleteUnstored, writeArbitration } from '../../../src/ingest/arbitration/stored-arbitration.ts'
import { ORIGIN, SIDE, TradeColumns } from '../../../src/tick/trades.ts'
import { openTestStore } from '../../support/data/storage.ts'

const HOUR_MS = 3_600_000

interface Came {
  id: number
  micros: number
}

function tradesOf(rows: readonly Came[]): TradeColumns {
  const trades = new TradeColumns(Math.max(1, rows.length))
  const values = { venue: 'binance', symbol: 'AAA', timestampMicros: 1e15, timestampNanos: 0, price: 1, volume: 2 }
  for (const { id, micros } of rows)
    trades.add({ ...values, receivedAtMicros: 1e15 + micros, side: SIDE.buy, tradeId: id, origin: ORIGIN.live })
  return trades
}

/** Which of two recorders delivers each trade, and when it received it. */
const arrival = fc.record({
  a: fc.option(fc.nat({ max: 5_000 })),
  b: fc.option(fc.nat({ max: 5_000 })),
})

test('what each recorder had, had alone, and received first, is counted as it was, in whatever batches', () => {
  fc.assert(
    fc.property(fc.array(arrival, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (arrivals, each) => {
      const lines = new LineArbitration()
      const sums = { a: [0, 0, 0, 0, 0], b: [0, 0, 0, 0, 0] }
      const batches = []
      const came = arrivals.flatMap(({ a, b }, id) => [
        ...(a === null ? [] : [{ by: 'a' as const, id, micros: a, copy: false }]),
        ...(b === null ? [] : [{ by: 'b' as const, id, micros: b, copy: a !== null }]),
      ])
      for (const [at, { by, copy, ...trade }] of came.entries()) {
        lines.begin(by, HOUR_MS)
        if (copy) lines.copied(tradesOf([trade]), 0, 1)
        else lines.stored(tradesOf([trade]), 0, 1)
        if (at % each === 0) batches.push(lines.take())
      }
      batches.push(lines.take())
      // Counts are sums: the last ones count.
      const last = new Map(batches.flat().map(counts => [counts.recorder as 'a' | 'b', counts]))
      for (const [recorder, counts] of last) {
        const sum = sums[recorder]
        sum[0]! += counts.stored + counts.copies
        sum[1]! += counts.stored - counts.shared
        sum[2]! += counts.first
        sum[3] = Math.max(sum[3]!, counts.leadMaxMicros)
        sum[4]! += counts.leads.reduce((all, one) => all + one, 0)
      }
      const both = arrivals.filter((one): one is { a: number; b: number } => one.a !== null && one.b !== null)
      for (const [own, other] of [
        ['a', 'b'],
        ['b', 'a'],
      ] as const) {
        // Where both received it at one time, the one that is stored was first: here always a.
        const leads = both.map(one => one[other] - one[own]).filter(lead => lead > 0 || (lead === 0 && own === 'a'))
        assert.deepEqual(sums[own], [
          arrivals.filter(one => one[own] !== null).length,
          arrivals.filter(one => one[own] !== null && one[other] === null).length,
          leads.length,
          Math.max(0, ...leads),
          leads.length,
        ])
      }
    }),
  )
})

test('a recorder that repeats itself, and records without a name, are not compared', () => {
  const lines = new LineArbitration()
  lines.begin('a', HOUR_MS)
  lines.stored(tradesOf([{ id: 1, micros: 5 }]), 0, 1)
  lines.copied(tradesOf([{ id: 1, micros: 9 }]), 0, 1)
  lines.begin(undefined, HOUR_MS)
  lines.stored(tradesOf([{ id: 2, micros: 5 }]), 0, 1)
  lines.begin('b', 2 * HOUR_MS)
  lines.copied(tradesOf([{ id: 1, micros: 9 }]), 0, 1)
  assert.deepEqual(
    lines
      .take()
      .map(({ hour, recorder, stored, copies, shared, first }) => [hour, recorder, stored, copies, shared, first]),
    [
      [1, 'a', 1, 0, 0, 0],
      [2, 'b', 0, 1, 0, 0],
      [2, 'a', 0, 0, 1, 1],
    ],
  )
  assert.deepEqual(lines.take(), [])
})

test('counts of two hours in turn go on, and an hour that is begun again after two others is another part', () => {
  const lines = new LineArbitration()
  const parts: [hour: number, part: number, slot: number, stored: number][] = []
  for (const [id, hour] of [5, 5, 6, 5, 6, 7, 6, 5].entries()) {
    lines.begin('a', hour * HOUR_MS)
    lines.stored(tradesOf([{ id, micros: 0 }]), 0, 1)
    for (const { hour, part, slot, stored } of lines.take()) parts.push([hour, part, slot, stored])
  }
  assert.deepEqual(parts, [
    [5, 0, 0, 1],
    [5, 0, 1, 2],
    [6, 1, 0, 1],
    [5, 0, 0, 3],
    [6, 1, 1, 2],
    [7, 2, 0, 1],
    [6, 1, 0, 3],
    [5, 3, 0, 1],
  ])
})

test('the view has the sums, a batch written twice counts once, one that was not stored does not, in two rows an hour', async t => {
  const house = await openTestStore()
  t.after(() => house.remove())
  const { store } = house
  const lines = new LineArbitration()
  const fence = await store.claim(0)
  // Older counts leave the table.
  const nowMs = Date.now()
  for (const batch of [0, 1, 2]) {
    lines.begin('tokyo', nowMs)
    lines.stored(tradesOf(Array.from({ length: 10 }, (_, at) => ({ id: 10 * batch + at, micros: 0 }))), 0, 10)
    lines.begin('frankfurt', nowMs)
    lines.copied(
      tradesOf(Array.from({ length: 8 }, (_, at) => ({ id: 10 * batch + at, micros: at < 6 ? 1_000 : -250 }))),
      0,
      8,
    )
    const counts = lines.take()
    await writeArbitration(store, counts, 100 * batch, fence)
    await writeArbitration(store, counts, 100 * batch, fence)
  }
  const read = () =>
    store.rows<Record<string, unknown>>(
      `SELECT recorder, toUInt32(trades) AS trades, toUInt32(only_it_had) AS only, toUInt32(first_by_clock) AS first,
         toUInt32(lead_median_us) AS median, toUInt32(lead_max_us) AS most FROM recorders ORDER BY recorder`,
    )
  const before = await read()
  // Merges leave two rows an hour of each recorder, of the last batch and the one before, and change no sum.
  await store.command('OPTIMIZE TABLE line_arbitration FINAL')
  const rows = await store.rows<{ offset: number; rows: number }>(
    `SELECT toUInt32(batch_first_offset) AS offset, toUInt32(count()) AS rows FROM line_arbitration GROUP BY offset ORDER BY offset`,
  )
  assert.deepEqual(rows, [
    { offset: 100, rows: 2 },
    { offset: 200, rows: 2 },
  ])
  const [frankfurt, tokyo] = await read()
  assert.deepEqual([frankfurt, tokyo], before)
  assert.deepEqual(
    { ...frankfurt, median: 0 },
    { recorder: 'frankfurt', trades: 24, only: 0, first: 6, median: 0, most: 250 },
  )
  assert.deepEqual(
    { ...tokyo, median: 0 },
    { recorder: 'tokyo', trades: 30, only: 6, first: 18, median: 0, most: 1_000 },
  )
  assert.ok(Math.abs(Number(frankfurt!.median) - 250) < 25 && Math.abs(Number(tokyo!.median) - 1_000) < 100)
  // Another owner resumes at 200: the batch from there on was not stored.
  await deleteUnstored(store, await store.claim(0), 200)
  assert.deepEqual(
    (await read()).map(({ recorder, trades }) => [recorder, trades]),
    [
      ['frankfurt', 16],
      ['tokyo', 20],
    ],
  )
  // It counts from 0: sums of several owners are added.
  const next = new LineArbitration()
  next.begin('tokyo', nowMs)
  next.stored(tradesOf([{ id: 20, micros: 0 }]), 0, 1)
  await writeArbitration(store, next.take(), 200, await store.claim(0))
  assert.deepEqual(
    (await read()).map(({ recorder, trades }) => [recorder, trades]),
    [
      ['frankfurt', 16],
      ['tokyo', 21],
    ],
  )
})
