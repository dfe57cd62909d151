/** Whether luck is taken for an edge, and an edge for luck. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stationaryResamples } from '../../../src/lab/statistics/bootstrap.ts'
import {
  deflatedSharpe,
  expectedBestSharpe,
  minimumTrackRecord,
  probabilisticSharpe,
  trialsOf,
} from '../../../src/lab/statistics/luck.ts'
import { periodSharpe, sharpe } from '../../../src/lab/statistics/performance.ts'
import { loSharpe, sharpeStandardError } from '../../../src/lab/statistics/sharpe-error.ts'
import { superiorAbility } from '../../../src/lab/statistics/superior.ts'
import { Random } from '../../../src/simulator/random.ts'
import { type Kind, madeReturns } from './made-returns.ts'

const DAYS = 365
const YEAR = 365

/** Returns of random walks whose true annual Sharpe ratio is `edge`. */
function walks(count: number, days: number, edge: number, seed: number): Float64Array[] {
  return Array.from({ length: count }, (_, at) => {
    const random = new Random(seed, `walk ${at}`)
    return new Float64Array(days).map(() => 0.02 * (edge / Math.sqrt(YEAR) + random.normal()))
  })
}

test('of 1,000 random walks at most 1 % pass as one family; their Sharpe ratios alone would praise many', context => {
  const family = walks(1_000, DAYS, 0, 1)
  const trials = trialsOf(family.map(periodSharpe))
  const naive = family.filter(returns => sharpe(returns, YEAR) > 1).length
  const single = family.filter(returns => probabilisticSharpe(returns) >= 0.95).length
  const deflated = family.filter(returns => deflatedSharpe(returns, trials) >= 0.95).length
  context.diagnostic(`Sharpe above 1: ${naive}; PSR from 0.95: ${single}; DSR from 0.95: ${deflated}`)
  assert.ok(naive > 100 && single > 30, `${naive}, ${single}`)
  assert.ok(deflated <= 10, String(deflated))
  assert.deepEqual({ naive, single, deflated }, { naive: 164, single: 59, deflated: 0 })
})

test('over 40 families the best random walk passes in at most 5 %, and is as good as expected', () => {
  let passed = 0
  let best = 0
  let expected = 0
  for (let seed = 0; seed < 40; seed++) {
    const family = walks(50, 120, 0, seed)
    const trials = trialsOf(family.map(periodSharpe))
    const winner = family.reduce((a, b) => (periodSharpe(a) > periodSharpe(b) ? a : b))
    if (deflatedSharpe(winner, trials) >= 0.95) passed++
    best += periodSharpe(winner)
    expected += expectedBestSharpe(trials)
  }
  assert.ok(passed <= 2, String(passed))
  assert.ok(Math.abs(best / expected - 1) < 0.1, `${best} ${expected}`)
})

test('a true edge of 4 is found among 999 walks without one over two years', () => {
  const family = [...walks(999, 2 * DAYS, 0, 2), ...walks(1, 2 * DAYS, 4, 3)]
  const trials = trialsOf(family.map(periodSharpe))
  assert.ok(deflatedSharpe(family.at(-1)!, trials) >= 0.95)
})

test("DSR and PSR equal skfolio's 1.12.2, as it gave them for these series", () => {
  const ratios = Array.from({ length: 20 }, (_, seed) => periodSharpe(madeReturns('normal', 100, seed)))
  const RECORDED: [Kind, number, number][] = [
    ['normal', 0.19226475620647515, 0.994192773439174],
    ['fat tailed', 8.922581663432658e-6, 0.2230079746699815],
    ['autocorrelated', 9.034911871340168e-11, 0.0014289422267024935],
    ['turning back', 0.0006768959404747972, 0.597108367374599],
    ['minutes', 0.002307680335549968, 0.7283153712499287],
    ['mostly flat', 1.2453177189761288e-14, 0.0009186266232419786],
  ]
  for (const [kind, deflated, probabilistic] of RECORDED) {
    const returns = madeReturns(kind, 300, 5)
    assert.ok(Math.abs(deflatedSharpe(returns, trialsOf(ratios)) / deflated - 1) < 1e-10, kind)
    assert.ok(Math.abs(probabilisticSharpe(returns) / probabilistic - 1) < 1e-10, kind)
  }
})

test('one trial deflates nothing, more trials more; fewer than one is an error', () => {
  const returns = madeReturns('normal', 500, 4)
  const of = (count: number) => deflatedSharpe(returns, { count, variance: 0.002 })
  assert.equal(of(1), probabilisticSharpe(returns))
  assert.ok(of(1) > of(2) && of(2) > of(10) && of(10) > of(1e6))
  assert.throws(() => of(0), RangeError)
  assert.ok(
    Number.isNaN(probabilisticSharpe(returns.subarray(0, 2))) && probabilisticSharpe(returns.subarray(0, 3)) > 0,
  )
  assert.deepEqual(trialsOf([0.1, Number.NaN]), { count: 2, variance: 0 })
})

test('after the minimum track record the probabilistic ratio is the confidence', () => {
  const returns = madeReturns('normal', 400, 4)
  const needed = minimumTrackRecord(returns, 0, 0.9)
  const ratio = periodSharpe(returns)
  const z = (ratio * Math.sqrt(needed - 1)) / (sharpeStandardError(returns, 1) * Math.sqrt(399))
  assert.ok(Math.abs(z - 1.2815515655446004) < 1e-12, String(z))
  assert.ok(Number.isNaN(minimumTrackRecord(returns, ratio + 0.01)))
})

test("Lo's ratio is lower for returns that continue, higher for those that turn back, Sharpe's without lags", () => {
  const continuing = madeReturns('autocorrelated', 2_000, 8).map(each => each + 0.001)
  const turning = madeReturns('turning back', 2_000, 8).map(each => each + 0.001)
  assert.ok(loSharpe(continuing, YEAR).value < 0.8 * sharpe(continuing, YEAR))
  assert.ok(loSharpe(turning, YEAR).value > 1.2 * sharpe(turning, YEAR))
  const plain = loSharpe(continuing, YEAR, 0)
  assert.ok(Math.abs(plain.value / sharpe(continuing, YEAR) - 1) < 1e-12)
  assert.ok(Math.abs(plain.standardError / sharpeStandardError(continuing, YEAR) - 1) < 1e-12)
})

test('the SPA test rejects a family with an edge, not one without, and orders its p-values', () => {
  const benchmark = madeReturns('fat tailed', 250, 1)
  const beside = (family: Float64Array[], studentised: boolean) =>
    superiorAbility(
      family.map(returns => returns.map((each, index) => each + benchmark[index]!)),
      benchmark,
      stationaryResamples(250, 500, random()),
      { studentised },
    )
  const random = () => {
    const seeded = new Random(3)
    return () => seeded.uniform()
  }
  for (const studentised of [true, false]) {
    const without = beside(walks(20, 250, 0, 11), studentised)
    assert.ok(without.consistent > 0.1, JSON.stringify(without))
    const edge = beside([...walks(19, 250, 0, 11), ...walks(1, 250, 5, 12)], studentised)
    assert.ok(edge.consistent < 0.05, JSON.stringify(edge))
    const poor = beside([...walks(4, 250, 0, 11), ...walks(10, 250, -6, 13)], studentised)
    assert.ok(poor.lower <= poor.consistent && poor.consistent < poor.upper, JSON.stringify(poor))
    assert.deepEqual(beside(walks(20, 250, 0, 11), studentised), without, 'repeatable')
  }
})

test('the SPA test counts a strategy that is the benchmark as equal, a constant gain as certain', () => {
  const benchmark = madeReturns('zeros', 50, 1)
  const resamples = () => stationaryResamples(50, 100, Math.random)
  assert.equal(superiorAbility([benchmark], benchmark, resamples()).consistent, 0)
  for (let gain = 0.1; gain < 1; gain += 0.0123) {
    const others = [benchmark.map(() => gain), madeReturns('normal', 50, 1)]
    assert.equal(superiorAbility(others, benchmark, resamples()).upper, 0, String(gain))
    assert.equal(superiorAbility([others[0]!], benchmark, resamples()).upper, 0, String(gain))
  }
  // A constant loss has no part in the result: recentred it is exactly 0.
  const better = madeReturns('normal', 50, 1)
  const kept = Array.from(stationaryResamples(50, 100, Math.random), places => places.slice())
  const alone = superiorAbility([better], benchmark, kept)
  for (let loss = 0.1; loss < 1; loss += 0.0123)
    assert.deepEqual(superiorAbility([better, benchmark.map(() => -loss)], benchmark, kept), alone, String(loss))
  assert.ok(Number.isNaN(superiorAbility([], benchmark, resamples()).upper))
  assert.ok(Number.isNaN(superiorAbility([benchmark], benchmark, []).lower))
  assert.throws(() => superiorAbility([new Float64Array(3)], benchmark, resamples()), RangeError)
})
