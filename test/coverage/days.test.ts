/** Days follow from their hours, whatever was inserted in which order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CONDITIONS } from '../../src/coverage/condition.ts'
import { fillDays } from '../../src/coverage/days.ts'
import { HOUR } from '../../src/coverage/facts.ts'
import type { HourRow } from '../../src/coverage/hours.ts'
import { coverageGrid } from '../../src/coverage/read.ts'
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
