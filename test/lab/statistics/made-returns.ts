/** Seeded return series of every kind that statistics meet. */
import { Random } from '../../../src/simulator/random.ts'

export const KINDS = {
  normal: random => 0.0005 + 0.01 * random.normal(),
  'fat tailed': random => (0.006 * random.normal()) / Math.sqrt(chiSquared(random, 3) / 3),
  autocorrelated: (random, before) => 0.0002 + 0.5 * before + 0.01 * random.normal(),
  'turning back': (random, before) => -0.4 * before + 0.01 * random.normal(),
  minutes: random => Math.round(random.normal() * 4) * 1e-5,
  'mostly flat': random => (random.uniform() < 0.9 ? 0 : 0.02 * random.normal()),
  'all negative': random => -0.001 - 0.01 * random.uniform(),
  'all positive': random => 0.0001 + 0.01 * random.uniform(),
  constant: () => 0.0013,
  zeros: () => 0,
} satisfies Record<string, (random: Random, before: number) => number>
export type Kind = keyof typeof KINDS

export function madeReturns(kind: Kind, length: number, seed: number): Float64Array {
  const random = new Random(seed, kind)
  let before = 0
  return new Float64Array(length).map(() => {
    before = KINDS[kind](random, before)
    return before
  })
}

function chiSquared(random: Random, degrees: number): number {
  let sum = 0
  for (let degree = 0; degree < degrees; degree++) sum += random.normal() ** 2
  return sum
}
