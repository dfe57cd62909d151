import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { emptySeries, type Series } from '../../../src/lab/results/outcome.ts'
import { periodsOf } from '../../../src/lab/results/periods.ts'
import { LAB_START_MICROS } from '../../support/data/lab-market.ts'

/** Marks at seconds after the start, with this equity. */
function marked(marks: readonly (readonly [seconds: number, equity: number])[]): Series {
  const series = emptySeries()
  for (const [at, equity] of marks) {
    series.timeMicros.push(LAB_START_MICROS + at * 1e6)
    series.equity.push(equity)
    series.gross.push(equity > 100 ? 50 : 0)
    series.traded.push(equity - 90)
    series.holding.push(equity / 100)
  }
  return series
}

const near = (found: Float64Array | undefined, expected: readonly number[]) => {
  assert.equal(found?.length, expected.length)
  for (const [at, value] of expected.entries()) assert.ok(Math.abs(found![at]! - value) < 1e-12, `${found![at]}`)
}

test('periods end at full minutes; a short beginning or end belongs to the period beside it', () => {
  const marks = [
    [60, 101],
    [120, 102],
    [180, 100],
    [190, 99],
  ] as const
  const { returns, traded, positions, benchmark, periodsPerYear } = periodsOf(
    { capital: 100, series: marked(marks) },
    LAB_START_MICROS,
    60,
  )
  near(returns, [0.01, 102 / 101 - 1, 99 / 102 - 1])
  near(traded, [0.11, 0.01, -0.03])
  near(positions, [50, 50, 0])
  near(benchmark, [0.01, 102 / 101 - 1, 99 / 102 - 1])
  assert.equal(periodsPerYear, 525_600)
  const late = periodsOf({ capital: 100, series: marked(marks) }, LAB_START_MICROS + 50e6, 60)
  near(late.returns, [0.02, 99 / 102 - 1])
})

test('no return is lost or counted twice, however marks and periods lie', () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 50, max: 150 })), { minLength: 1 })
  fc.assert(
    fc.property(steps, fc.integer({ min: 50, max: 500 }), fc.integer({ min: 0, max: 49 }), (given, seconds, begin) => {
      let at = begin
      const marks = given.map(([step, equity]) => {
        at += step
        return [at, equity] as const
      })
      const { returns } = periodsOf({ capital: 100, series: marked(marks) }, LAB_START_MICROS + begin * 1e6, seconds)
      const total = returns.reduce((product, value) => product * (1 + value), 1)
      assert.ok(Math.abs(total - marks.at(-1)![1] / 100) < 1e-9)
      assert.ok(returns.length <= Math.ceil((at - begin) / seconds) + 1)
    }),
  )
})

test('a year of minutes is read', () => {
  const series = marked(Array.from({ length: 525_600 }, (_, minute) => [(minute + 1) * 60, 100] as const))
  assert.equal(periodsOf({ capital: 100, series }, LAB_START_MICROS, 60).returns.length, 525_600)
})

test('a benchmark that is not known is left out', () => {
  const series = marked([[60, 101]])
  series.holding[0] = 0
  assert.equal(periodsOf({ capital: 100, series }, LAB_START_MICROS, 60).benchmark, undefined)
})
