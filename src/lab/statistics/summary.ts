/** All statistics of one run in one plain object, with the conclusion. */
import { alpha, beta, informationRatio } from './benchmark.ts'
import { type Band, returnBands, stationaryResamples } from './bootstrap.ts'
import { type Drawdown, maxDrawdown, ulcerIndex } from './drawdown.ts'
import { deflatedSharpe, minimumTrackRecord, probabilisticSharpe, type Trials } from './luck.ts'
import { kurtosis, mean, skew } from './moments.ts'
import { cagr, calmar, downsideDeviation, sharpe, sortino, totalReturn, volatility } from './performance.ts'
import { equityOf, sameLength } from './series.ts'
import { type CorrectedSharpe, loSharpe, sharpeStandardError } from './sharpe-error.ts'
import { type ClosedTrade, costShare, exposure, hitRate, profitFactor, turnover } from './trading.ts'

/** A deflated Sharpe ratio from here on is not taken for luck. */
export const DEFLATED_SHARPE_MIN = 0.95

export type Conclusion = 'not distinguishable from luck' | 'distinguishable from luck'

/** What a run leaves behind. Series have one value per period; what is left out makes its statistics NaN. */
export interface RunResult {
  returns: Float64Array
  periodsPerYear: number
  /** Every trial of the family, this one included, with Sharpe ratios of one period: stated always. */
  trials: Trials
  /** Returns of a benchmark: of the instrument, bought once and never sold. */
  benchmark?: Float64Array
  closedTrades?: readonly ClosedTrade[]
  /** Value of the fills of each period, in units of the equity at the start. */
  traded?: Float64Array
  /** Position of each period, in any unit; 0 is none. */
  positions?: Float64Array
  /** The bootstrap of the bands: how many resamples, and a seeded generator of numbers in [0, 1). */
  bootstrap?: { resamples: number; uniform: () => number }
}

/** Fractions are of 1, times are in periods, ratios annual unless stated. NaN is "not defined" or "not given". */
export interface Summary {
  conclusion: Conclusion
  periods: number
  periodsPerYear: number
  totalReturn: number
  cagr: number
  /** Of one period. */
  mean: number
  volatility: number
  downsideDeviation: number
  skew: number
  /** 3 for a normal distribution. */
  kurtosis: number
  sharpe: number
  sharpeStandardError: number
  /** Corrected for autocorrelation. */
  loSharpe: CorrectedSharpe
  sortino: number
  calmar: number
  /** A probability. */
  probabilisticSharpe: number
  /** A probability. */
  deflatedSharpe: number
  trials: number
  minimumTrackRecord: number
  /** 95 % bands. */
  bands: { sharpe: Band; totalReturn: Band }
  drawdown: Drawdown
  ulcerIndex: number
  turnover: number
  exposure: number
  closedTrades: number
  hitRate: number
  profitFactor: number
  costShare: number
  alpha: number
  beta: number
  informationRatio: number
}

/**
 * The statistics of a run. The conclusion is "not distinguishable from luck" where the deflated Sharpe ratio is below 0.95
 * or not defined. Throws a RangeError for a series of another length than the returns, for fewer than 1 trial and for
 * periodsPerYear that is not a positive number.
 */
export function summary(run: RunResult): Summary {
  const { returns, periodsPerYear, trials, benchmark, traded, positions, closedTrades = [], bootstrap } = run
  if (!(periodsPerYear > 0 && Number.isFinite(periodsPerYear))) {
    throw new RangeError(`a year of ${periodsPerYear} periods`)
  }
  for (const series of [benchmark, traded, positions]) if (series) sameLength(series, returns)
  const deflated = deflatedSharpe(returns, trials)
  const resamples = bootstrap ? stationaryResamples(returns.length, bootstrap.resamples, bootstrap.uniform) : []
  return {
    conclusion: deflated >= DEFLATED_SHARPE_MIN ? 'distinguishable from luck' : 'not distinguishable from luck',
    periods: returns.length,
    periodsPerYear,
    totalReturn: totalReturn(returns),
    cagr: cagr(returns, periodsPerYear),
    mean: mean(returns),
    volatility: volatility(returns, periodsPerYear),
    downsideDeviation: downsideDeviation(returns, periodsPerYear),
    skew: skew(returns),
    kurtosis: kurtosis(returns),
    sharpe: sharpe(returns, periodsPerYear),
    sharpeStandardError: sharpeStandardError(returns, periodsPerYear),
    loSharpe: loSharpe(returns, periodsPerYear),
    sortino: sortino(returns, periodsPerYear),
    calmar: calmar(returns, periodsPerYear),
    probabilisticSharpe: probabilisticSharpe(returns),
    deflatedSharpe: deflated,
    trials: trials.count,
    minimumTrackRecord: minimumTrackRecord(returns),
    bands: returnBands(returns, periodsPerYear, resamples),
    drawdown: maxDrawdown(returns),
    ulcerIndex: ulcerIndex(returns),
    turnover: traded ? turnover(traded, equityOf(returns).subarray(1), periodsPerYear) : Number.NaN,
    exposure: positions ? exposure(positions) : Number.NaN,
    closedTrades: closedTrades.length,
    hitRate: hitRate(closedTrades),
    profitFactor: profitFactor(closedTrades),
    costShare: costShare(closedTrades),
    alpha: benchmark ? alpha(returns, benchmark, periodsPerYear) : Number.NaN,
    beta: benchmark ? beta(returns, benchmark) : Number.NaN,
    informationRatio: benchmark ? informationRatio(returns, benchmark, periodsPerYear) : Number.NaN,
  }
}
