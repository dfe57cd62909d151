/**
 * The standard normal distribution to full double precision, in both tails. Written here since npm's libraries lose
 * the lower tail: their quantile is the inverse error function at `2p - 1`, which is -1 for every p below 1e-16.
 */

const ROOT_2PI = 2.5066282746310002
/** Below this the series is used: its terms have one sign, and at most half of a tail is lost by subtraction. */
const SERIES_BELOW = 0.8
/** `exp(-z² / 2)` is 0 in doubles from here on. */
const VANISHES_FROM = 38.7

/** Density `exp(-z² / 2) / √(2π)`. The square is split, so that its rounding error does not grow with z. */
export function normalDensity(z: number): number {
  const head = Math.round(z * 16) / 16
  const rest = ((z - head) * (z + head)) / 2
  return (Math.exp((-head * head) / 2) * Math.exp(-rest)) / ROOT_2PI
}

/** Probability that a standard normal variable is at most z. NaN for NaN. */
export function normalCdf(z: number): number {
  if (Math.abs(z) < SERIES_BELOW) return 0.5 + aboveMedian(z)
  return z < 0 ? tail(-z) : 1 - tail(z)
}

/** The z with `normalCdf(z) = p`. -Infinity and Infinity at 0 and 1; NaN outside of [0, 1]. */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN
  if (p === 0 || p === 1) return p === 0 ? -Infinity : Infinity
  return p > 0.5 ? -lowerQuantile(1 - p) : lowerQuantile(p)
}

/** The quantile of p ≤ 0.5; `1 - p` and `p - 0.5` are exact where they are used. A first guess, then Halley's iteration, whose error is cubed each time. */
function lowerQuantile(p: number): number {
  // Abramowitz and Stegun (1964), 26.2.23: within 4.5e-4.
  const t = Math.sqrt(-2 * Math.log(p))
  const above = 2.515517 + t * (0.802853 + t * 0.010328)
  let z = above / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t
  for (let round = 0; round < 2; round++) {
    const error = Math.abs(z) < SERIES_BELOW ? aboveMedian(z) - (p - 0.5) : tail(-z) - p
    const step = error / normalDensity(z)
    z -= step / (1 + (step * z) / 2)
  }
  return z
}

/** `Φ(z) - 1/2` by `φ(z) Σ z^(2n+1) / (1·3·…·(2n+1))`: Marsaglia (2004), "Evaluating the Normal Distribution". */
function aboveMedian(z: number): number {
  let term = z
  let sum = z
  for (let odd = 3; Math.abs(term) > Math.abs(sum) * 1e-18; odd += 2) {
    term *= (z * z) / odd
    sum += term
  }
  return normalDensity(z) * sum
}

/**
 * Probability above z > 0: the density times Laplace's continued fraction `1 / (z + 1 / (z + 2 / (z + 3 / (…))))`, from
 * the inside out. Its terms are positive, so nothing cancels; 40 + 300 / z² of them suffice.
 */
function tail(z: number): number {
  if (z > VANISHES_FROM) return 0
  let fraction = z
  for (let depth = Math.ceil(40 + 300 / (z * z)); depth >= 1; depth--) fraction = z + depth / fraction
  return normalDensity(z) / fraction
}
