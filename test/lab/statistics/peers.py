"""The statistics of the same series by other people's code. JSON in the file named, JSON out; not finite is null."""
import json
import math
import sys
import warnings

import empyrical as ep
import jsharpe
import mpmath
import numpy as np
import statsmodels.api as sm
from arch.bootstrap import SPA, StationaryBootstrap
from scipy import special, stats
from statsmodels.tsa.stattools import acf

warnings.simplefilter("ignore")
np.seterr(all="ignore")


def sharpe_of(r):
    return np.mean(r) / np.std(r, ddof=1)


def lo(r, q, lags):
    """Lo's ratio and error: autocorrelations and the HAC error are statsmodels'."""
    rho = acf(r, nlags=lags, adjusted=False, fft=False)[1:] if lags else np.array([])
    scale = q / np.sqrt(q + 2 * sum((q - k) * rho[k - 1] for k in range(1, lags + 1)))
    z = (r - np.mean(r)) / np.std(r)
    psi = z - sharpe_of(r) / 2 * (z**2 - 1)
    fit = sm.OLS(psi, np.ones(len(r))).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": False})
    error = fit.bse[0] * math.sqrt(len(r) / (len(r) - 1))  # ours divides by n - 1, as Mertens' error does
    return {"value": sharpe_of(r) * scale, "standardError": error * scale}


def of_series(returns, q, other, lags, trials, confidence):
    r, b = np.array(returns), np.array(other)
    found = {
        "totalReturn": ep.cum_returns_final(r),
        "cagr": ep.annual_return(r, annualization=q),
        "volatility": ep.annual_volatility(r, annualization=q),
        "downsideDeviation": ep.downside_risk(r, annualization=q),
        "sharpe": ep.sharpe_ratio(r, annualization=q),
        "sortino": ep.sortino_ratio(r, annualization=q),
        "calmar": ep.calmar_ratio(r, annualization=q),
        "depth": -ep.max_drawdown(r),  # ours is positive
    }
    if len(r) < 3:
        return found
    sr, n = sharpe_of(r), len(r)
    moments = {"gamma3": stats.skew(r), "gamma4": stats.kurtosis(r, fisher=False)}
    best = jsharpe.expected_maximum_sharpe_ratio(trials["count"], trials["variance"]) if trials["count"] > 1 else 0.0
    error = jsharpe.sharpe_ratio_variance(sr, n - 1, **moments)  # the papers of 2012 and 2014 divide by n - 1
    # The error is taken at the observed ratio, as in those papers; jsharpe's default is at the benchmark.
    one = jsharpe.sharpe_ratio_variance(sr, 1, **moments)
    psr = lambda benchmark: jsharpe.probabilistic_sharpe_ratio(sr, benchmark, variance=error)
    found |= {
        "skew": moments["gamma3"],
        "kurtosis": moments["gamma4"],
        "sharpeStandardError": math.sqrt(error * q) if error > 0 else math.nan,
        "probabilisticSharpe": psr(0.0) if error > 0 else math.nan,
        "deflatedSharpe": psr(best) if error > 0 else math.nan,
        "expectedBestSharpe": best,
        "minimumTrackRecord": 1 + one * (stats.norm.ppf(confidence) / sr) ** 2 if sr > 0 else math.nan,
        "lo": lo(r, q, lags) if np.ptp(r) > 0 else {"value": math.nan, "standardError": math.nan},
        "beta": ep.beta_aligned(r, b),
        "compoundedAlpha": ep.alpha_aligned(r, b, annualization=q),
        "informationRatio": ep.excess_sharpe(r, b) * math.sqrt(q),
    }
    return found


def of_family(strategies, benchmark, block, reps, seed):
    s, b = np.array(strategies).T, np.array(benchmark)
    spa = SPA(-b, -s, block_size=block, reps=reps, seed=seed)
    spa.compute()
    variances = spa._loss_diff_var
    # arch divides nothing, in spite of its argument `studentize`: differences that are divided before are Hansen's.
    scaled = (s - b[:, None]) / np.sqrt(variances)
    hansen = SPA(np.zeros(len(b)), -scaled, block_size=block, reps=reps, seed=seed)
    hansen.compute()
    bootstrap = StationaryBootstrap(block, s - b[:, None], seed=seed)
    places = [bootstrap.index.tolist() for _ in bootstrap.bootstrap(reps)]
    return {
        "plain": list(spa.pvalues),
        "studentised": list(hansen.pvalues),
        "variances": list(variances),
        "places": places,
    }


def of_bands(returns, q, block, reps, seed):
    r = np.array(returns)
    both = lambda x: np.array([ep.sharpe_ratio(x, annualization=q), ep.cum_returns_final(x)])
    low, high = StationaryBootstrap(block, r, seed=seed).conf_int(both, reps=reps, method="percentile", size=0.95)
    bootstrap = StationaryBootstrap(block, r, seed=seed)
    places = [bootstrap.index.tolist() for _ in bootstrap.bootstrap(reps)]
    return {"sharpe": [low[0], high[0]], "totalReturn": [low[1], high[1]], "places": places}


def of_normal(z, p):
    """mpmath's values, since scipy's own are off by 1e-13 far out in the tails; and scipy's."""
    mpmath.mp.dps = 40
    cdf = lambda x: mpmath.erfc(-x / mpmath.sqrt(2)) / 2
    quantiles = []
    for each in p:
        x = mpmath.mpf(float(special.ndtri(each)))
        for _ in range(2):
            x -= (cdf(x) - mpmath.mpf(each)) / mpmath.npdf(x)
        quantiles.append(float(x))
    return {
        "cdf": [float(cdf(mpmath.mpf(each))) for each in z],
        "quantile": quantiles,
        "scipyCdf": special.ndtr(z).tolist(),
        "scipyQuantile": special.ndtri(p).tolist(),
    }


def plain(value):
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, int):
        return value
    return float(value) if math.isfinite(value) else None


with open(sys.argv[1]) as file:
    asked = json.load(file)
answer = {
    "series": [of_series(**each) for each in asked["series"]],
    "families": [of_family(**each) for each in asked["families"]],
    "bands": [of_bands(**each) for each in asked["bands"]],
    "normal": of_normal(**asked["normal"]),
}
print(json.dumps(plain(answer)))
