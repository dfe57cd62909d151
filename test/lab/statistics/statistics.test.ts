/** Statistics by hand, against naive models, and where they are not defined. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { stationaryResamples } from '../../../src/lab/statistics/bootstrap.ts'
import { maxDrawdown, ulcerIndex } from '../../../src/lab/statistics/drawdown.ts'
import { mean, standardDeviation, sumOf } from '../../../src/lab/statistics/moments.ts'
import { cagr } from '../../../src/lab/statistics/performance.ts'
import { equityOf, PERIODS_PER_YEAR, returnsOf } from '../../../src/lab/statistics/series.ts'
import { type RunResult, summary } from '../../../src/lab/statistics/summary.ts'
import { costShare, exposure, hitRate, profitFactor, turnover } from '../../../src/lab/statistics/trading.ts'
import { Random } from '../../../src/simulator/random.ts'
import { KINDS, type Kind, madeReturns } from './made-returns.ts'

const ONE_TRIAL = { count: 1, variance: 0 }
const seeded = (seed: number) => {
  const random = new Random(seed)
  return () => random.uniform()
}

test('an equity series gives the returns that give it back', () => {
  assert.deepEqual(
    [...returnsOf(Float64Array.of(100, 110, 99))].map(each => each.toFixed(12)),
    ['0.100000000000', '-0.100000000000'],
  )
  assert.deepEqual([...returnsOf(Float64Array.of(100, 0, 99))], [-1, Number.NaN])
  assert.ok(Number.isNaN(returnsOf(Float64Array.of(100, -5, 99))[1]))
  assert.equal(returnsOf(new Float64Array(0)).length, 0)
  const returns = madeReturns('normal', 300, 1)
  for (const [at, each] of returnsOf(equityOf(returns)).entries()) assert.ok(Math.abs(each - returns[at]!) < 1e-15)
})

test('sums and means lose no digit of small returns beside large ones', () => {
  assert.equal(
    sumOf(4, at => [1e16, 1, -1e16, 1][at]!),
    2,
  )
  assert.equal(mean(new Float64Array(525_600).fill(0.1)), 0.1)
  assert.ok(Number.isNaN(mean(new Float64Array(0))))
})

test('the deviation of a constant series is exactly 0, whatever its value and length', () => {
  const random = seeded(2)
  for (let round = 0; round < 2_000; round++) {
    const series = new Float64Array(2 + Math.floor(random() * 200)).fill((random() - 0.5) / 10)
    assert.equal(standardDeviation(series), 0, `${series.length} of ${series[0]}`)
  }
})

describe('drawdown', () => {
  test('by hand: depth, places of peak, trough and recovery, the longest', () => {
    // Equity 1, 2, 1, 1.5, 2, 3, 2.7, 2.8, 2.9, 2.95.
    const returns = returnsOf(Float64Array.of(1, 2, 1, 1.5, 2, 3, 2.7, 2.8, 2.9, 2.95))
    assert.deepEqual(maxDrawdown(returns), { depth: 0.5, peak: 1, trough: 2, recovery: 4, longestPeriods: 4 })
    assert.deepEqual(maxDrawdown(Float64Array.of(-0.25, 0)), {
      ...{ depth: 0.25, peak: 0, trough: 1, recovery: Number.NaN, longestPeriods: 2 },
    })
    assert.equal(ulcerIndex(Float64Array.of(-0.5)), 0.5)
    assert.equal(ulcerIndex(Float64Array.of(1, -0.5, 0)), Math.sqrt(0.5 / 3))
  })

  test('without a loss there is none, and of unknown returns nothing is known', () => {
    const none = { depth: 0, peak: Number.NaN, trough: Number.NaN, recovery: Number.NaN, longestPeriods: 0 }
    for (const returns of [[], [0, 0, 0], [0.1, 0, 0.2]])
      assert.deepEqual(maxDrawdown(Float64Array.from(returns)), none)
    assert.ok(Object.values(maxDrawdown(Float64Array.of(0.1, Number.NaN))).every(Number.isNaN))
  })

  test('of any series equals a model that looks at every pair of places', () => {
    // Halves and doubles, so that a peak is reached again exactly.
    const series = fc.array(fc.constantFrom(-0.5, 0, 1, -0.75, 3), { maxLength: 25 })
    fc.assert(
      fc.property(series, returns => {
        assert.deepEqual(maxDrawdown(Float64Array.from(returns)), drawdownModel(Float64Array.from(returns)))
      }),
      { numRuns: 3_000 },
    )
  })
})

test('trading by hand: turnover, hits, profit factor, costs, exposure', () => {
  const trades = [
    { profit: 30, costs: 5 },
    { profit: -10, costs: 5 },
    { profit: 0, costs: 1 },
    { profit: 10, costs: 4 },
  ]
  assert.equal(hitRate(trades), 0.5)
  assert.equal(profitFactor(trades), 4)
  assert.equal(costShare(trades), 15 / 45)
  assert.equal(costShare([{ profit: -10, costs: 5 }]), Number.NaN)
  assert.equal(profitFactor([{ profit: 1, costs: 0 }]), Number.NaN)
  assert.equal(hitRate([]), Number.NaN)
  assert.equal(turnover(Float64Array.of(100, 0, -100, 0), Float64Array.of(100, 100, 100, 100), 365), 182.5)
  assert.equal(exposure(Float64Array.of(0, 1, -2, 0)), 0.5)
  assert.throws(() => turnover(new Float64Array(2), new Float64Array(3), 365), RangeError)
})

test('a resample has blocks of the stated mean length, wraps, and is repeatable', () => {
  const lengths: number[] = []
  const first: number[] = []
  for (const places of stationaryResamples(200, 500, seeded(5), 10)) {
    if (first.length === 0) first.push(...places)
    assert.ok(places.every(place => place >= 0 && place < 200))
    let length = 1
    for (let at = 1; at < places.length; at++) {
      if (places[at] === (places[at - 1]! + 1) % 200) length++
      else lengths.push(length)
      if (places[at] !== (places[at - 1]! + 1) % 200) length = 1
    }
  }
  const average = lengths.reduce((a, b) => a + b) / lengths.length
  assert.ok(average > 9 && average < 11, String(average))
  for (const places of stationaryResamples(200, 1, seeded(5), 10)) assert.deepEqual([...places], first)
  assert.throws(() => [...stationaryResamples(10, 1, seeded(1), 0.5)], RangeError)
})

describe('summary', () => {
  const full = (returns: Float64Array): RunResult => ({
    ...{ returns, periodsPerYear: 365, trials: ONE_TRIAL, benchmark: madeReturns('fat tailed', returns.length, 9) },
    ...{ closedTrades: [{ profit: 1, costs: 1 }], traded: returns.map(Math.abs), positions: returns },
    bootstrap: { resamples: 200, uniform: seeded(1) },
  })

  test('of a run has every statistic, and JSON keeps it', () => {
    const found = summary(full(madeReturns('normal', 400, 2)))
    const undefinedOnes: string[] = []
    const look = (value: object, place: string): void => {
      for (const [name, each] of Object.entries(value)) {
        if (typeof each === 'object') look(each, `${place}${name}.`)
        else if (Number.isNaN(each)) undefinedOnes.push(place + name)
      }
    }
    look(found, '')
    assert.deepEqual(
      undefinedOnes.filter(name => name !== 'drawdown.recovery'),
      ['profitFactor'],
    )
    assert.equal(JSON.parse(JSON.stringify(found)).profitFactor, null)
    assert.ok(found.bands.sharpe.low < found.sharpe && found.sharpe < found.bands.sharpe.high)
    assert.ok(found.bands.totalReturn.low < found.totalReturn && found.totalReturn < found.bands.totalReturn.high)
  })

  test('calls luck what is below 0.95 or not defined, and nothing else', () => {
    const conclusionOf = (returns: Float64Array, trials = ONE_TRIAL) =>
      summary({ returns, periodsPerYear: 365, trials })
    const good = madeReturns('normal', 400, 2).map(each => each + 0.001)
    assert.equal(conclusionOf(good).conclusion, 'distinguishable from luck')
    assert.ok(conclusionOf(good).deflatedSharpe >= 0.95)
    assert.equal(conclusionOf(good, { count: 1e6, variance: 0.01 }).conclusion, 'not distinguishable from luck')
    for (const kind of ['zeros', 'constant', 'all negative'] as const)
      assert.equal(conclusionOf(madeReturns(kind, 400, 2)).conclusion, 'not distinguishable from luck', kind)
    assert.equal(conclusionOf(Float64Array.of(0.1)).conclusion, 'not distinguishable from luck')
  })

  test('of any length and kind has no infinite number', () => {
    for (const kind of Object.keys(KINDS) as Kind[]) {
      for (const length of [0, 1, 2, 3, 50]) {
        const text = JSON.stringify(summary(full(madeReturns(kind, length, 3))), (_, value) =>
          value === Infinity || value === -Infinity ? 'INFINITE' : value,
        )
        assert.doesNotMatch(text, /INFINITE/, `${kind} ${length}`)
      }
    }
    assert.equal(cagr(Float64Array.of(0.01), PERIODS_PER_YEAR.minutes), Number.NaN)
  })

  test('refuses series of different lengths, no trial and a year without periods', () => {
    const run = full(madeReturns('normal', 10, 1))
    for (const wrong of [
      { benchmark: new Float64Array(9) },
      { traded: new Float64Array(11) },
      { positions: new Float64Array(0) },
      { trials: { count: 0, variance: 0 } },
      { periodsPerYear: 0 },
      { periodsPerYear: Number.NaN },
    ])
      assert.throws(() => summary({ ...run, ...wrong }), RangeError, JSON.stringify(wrong))
  })
})

function drawdownModel(returns: Float64Array) {
  const equity = [...equityOf(returns)]
  const last = equity.length - 1
  // A drawdown begins at each place that is a peak so far and is followed by a loss.
  const all = equity.flatMap((value, peak) => {
    if (peak === last || equity[peak + 1]! >= value || equity.slice(0, peak).some(before => before > value)) return []
    const again = equity.findIndex((each, at) => at > peak && each >= value)
    const end = again < 0 ? last : again
    const lowest = Math.min(...equity.slice(peak, end + 1))
    const trough = equity.indexOf(lowest, peak)
    return [{ depth: 1 - lowest / value, peak, trough, recovery: again < 0 ? Number.NaN : again, periods: end - peak }]
  })
  const depth = Math.max(0, ...all.map(each => each.depth))
  const deepest = all.find(each => each.depth === depth)
  const { peak = Number.NaN, trough = Number.NaN, recovery = Number.NaN } = deepest ?? {}
  return { depth, peak, trough, recovery, longestPeriods: Math.max(0, ...all.map(each => each.periods)) }
}
