/** Days follow from their hours, whatever was inserted in which order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CAUSES, CONDITIONS } from '../../src/coverage/condition.ts'
import { fillDays } from '../../src/coverage/days.ts'
import { HOUR } from '../../src/coverage/facts.ts'
import type { HourRow } from '../../src/coverage/hours.ts'
import { coverageGrid, coverageStatement, type Resolution } from '../../src/coverage/read.ts'
import { writeHours } from '../../src/coverage/table.ts'
import { openTestStore } from '../support/data/storage.ts'

const START = Date.UTC(2025, 11, 30) / 1000
const DAYS = 4

const rowOf = (symbol: string, hour: number, condition: number): HourRow => ({
  ...{ kind: 'trades', venue: 'binance', symbol, hour: START + hour * HOUR, ids: 'dense', ticks: 1, supplied: 0 },
  ...{ first_run: 0, first_id: 1, last_run: 0, last_id: 1, adjoins: 'yes', absent: 0, gaps_open: 0 },
  ...{
    gaps_unrepairable: 0,
    gaps_accepted: 0,
    gaps_repaired: 0,
    missing: 0,
    gap_cause: '',
    recorded_seconds: 3_600,
    resting: false,
  },
  ...{ connections_lost: 0, compared: 0, equal: 0, condition: CONDITIONS[condition]!, cause: 'ids_dense' },
})

test('the grid has the worst condition of the newest rows of each day, over the turn of a year', async t => {
  const { store, remove } = await openTestStore()
  t.after(remove)
  const query = { sources: '', kind: 'trades', from: START, to: START + DAYS * 24 * HOUR }
  const hour = fc.record({
    symbol: fc.constantFrom('A', 'B'),
    hour: fc.nat(DAYS * 24 - 1),
    condition: fc.nat(CONDITIONS.length - 1),
  })
  const newest = new Map<string, number>()
  const expected = () =>
    ['A', 'B'].flatMap(symbol => {
      const worst = Array.from({ length: DAYS }, (_, day) => {
        const own = [...newest].filter(
          ([key]) => key.startsWith(symbol) && Math.floor(Number(key.slice(1)) / 24) === day,
        )
        return Math.max(0, ...own.map(([, condition]) => condition + 1))
      })
      return worst.some(Boolean) ? [{ kind: 'trades', venue: 'binance', symbol, days: worst.join('') }] : []
    })
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(hour, { minLength: 1, maxLength: 30, selector: each => each.symbol + each.hour }),
      async hours => {
        await writeHours(
          store,
          hours.map(each => rowOf(each.symbol, each.hour, each.condition)),
        )
        for (const each of hours) newest.set(each.symbol + each.hour, each.condition)
        assert.deepEqual((await coverageGrid(store, query)).rows, expected())
      },
    ),
    { numRuns: 12 },
  )
  const before = await coverageGrid(store, query)
  await store.command('TRUNCATE TABLE coverage_days')
  await fillDays(store)
  assert.deepEqual(await coverageGrid(store, query), before, 'a store that has only the hours gets the same days')
  const lastDay = await coverageGrid(store, { ...query, from: query.to - 24 * HOUR + 1 })
  assert.deepEqual([lastDay.days, lastDay.rows.every(({ days }) => days.length === 1)], [1, true])
})

test('the worst hour gives a day and a symbol its cause and numbers: by condition, then missing ids, then the first', async t => {
  const { store, remove } = await openTestStore()
  t.after(remove)
  const hour = fc.record({
    symbol: fc.constantFrom('A', 'B'),
    hour: fc.nat(DAYS * 24 - 1),
    condition: fc.integer({ min: 4, max: CONDITIONS.length - 1 }),
    cause: fc.constantFrom(...Object.keys(CAUSES)) as fc.Arbitrary<HourRow['cause']>,
    missing: fc.nat(2),
    ticks: fc.nat(9),
  })
  type Hour = typeof hour extends fc.Arbitrary<infer T> ? T : never
  const newest = new Map<string, Hour>()
  const read = async (by: Resolution, range: { from: number; to: number }) => {
    const bytes = await store.untrusted(coverageStatement({ sources: '', kind: '', ...range }, by), 'JSONEachRow')
    return Buffer.from(bytes)
      .toString()
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line) as Record<string, unknown>)
      .map(row => [
        ...[row.symbol, row.start ?? '', row.condition, row.cause, Number(row.missing), Number(row.ticks)],
        CONDITIONS.map(name => row[`hours_${name}`]).join(' '),
      ])
  }
  const expected = (by: Resolution, { from, to }: { from: number; to: number }) => {
    const inRange = [...newest.values()].filter(
      each => START + each.hour * HOUR >= from && START + each.hour * HOUR < to,
    )
    const startOf = (each: Hour) =>
      by === 'day' ? new Date((START + each.hour * HOUR) * 1000).toISOString().slice(0, 10) : ''
    const groups = Map.groupBy(inRange, each => `${each.symbol} ${startOf(each)}`)
    return [...groups.keys()].toSorted().map(key => {
      const own = groups.get(key)!
      const worst = own.toSorted((a, b) => b.condition - a.condition || b.missing - a.missing || a.hour - b.hour)[0]!
      return [
        ...[worst.symbol, startOf(worst), CONDITIONS[worst.condition], worst.cause, worst.missing],
        own.reduce((sum, each) => sum + each.ticks, 0),
        CONDITIONS.map((_, at) => own.filter(each => each.condition === at).length).join(' '),
      ]
    })
  }
  const whole = { from: START, to: START + DAYS * 24 * HOUR }
  const ranges = [
    whole,
    { from: START + 5 * HOUR, to: whole.to - 7 * HOUR },
    { from: START + 30 * HOUR, to: START + 40 * HOUR },
  ]
  const compareAll = async () => {
    for (const range of ranges)
      for (const by of ['day', 'symbol'] as const) assert.deepEqual(await read(by, range), expected(by, range))
  }
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(hour, { minLength: 1, maxLength: 40, selector: each => each.symbol + each.hour }),
      async hours => {
        await writeHours(
          store,
          hours.map(each => ({
            ...rowOf(each.symbol, each.hour, each.condition),
            ...{ cause: each.cause, missing: each.missing, ticks: each.ticks },
          })),
        )
        for (const each of hours) newest.set(each.symbol + each.hour, each)
        await compareAll()
      },
    ),
    { numRuns: 8 },
  )
  // As in a store of before the causes.
  await store.command(`INSERT INTO coverage_days (kind, venue, symbol, day, hours, computed_at)
    SELECT kind, venue, symbol, day, hours, now64(6) FROM coverage_days FINAL`)
  await fillDays(store)
  await compareAll()
})
