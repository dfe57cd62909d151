/** Which features a strategy computes, and the hash by which a model recognises them. */
import { createHash } from 'node:crypto'
import { TickhouseError } from '../../errors.ts'

/** Raised when a feature of the same name comes to mean something else. */
const MEANING = 1

const NAMES = [
  'flow_1',
  'flow',
  'quote_imbalance',
  'spread_bps',
  'volatility_bps',
  'trades_per_second',
  'volume_ratio',
] as const

export interface FeatureSchema {
  /** Seconds between samples. */
  everySeconds: number
  /** Samples over which flow, volatility and intensity are taken. */
  window: number
  /** Horizons of the returns, samples. */
  horizons: readonly number[]
  names: readonly string[]
  /** SHA-256 of all of the above and of what the names mean. */
  hash: string
}

const SAMPLES_MAX = 100_000

/** `horizons` separated by commas. Throws `config_invalid` for numbers that are not whole and positive. */
export function schemaOf(everySeconds: number, window: number, horizons: string): FeatureSchema {
  const returns = horizons.split(',').map(Number)
  for (const value of [everySeconds, window, ...returns])
    if (!Number.isInteger(value) || value < 1 || value > SAMPLES_MAX)
      throw new TickhouseError(
        'config_invalid',
        `features every ${everySeconds} s with window ${window} and horizons ${horizons}: ${value} is not a whole number from 1 to ${SAMPLES_MAX}`,
        'Set every_seconds, window and horizons as in docs/lab-models.md.',
      )
  const names = [...returns.map(samples => `return_${samples}`), ...NAMES]
  const text = JSON.stringify({ meaning: MEANING, everySeconds, window, names })
  return { everySeconds, window, horizons: returns, names, hash: createHash('sha256').update(text).digest('hex') }
}
