/** A model's file: what it was trained on and how it scored, and the model itself. */
import { z } from 'zod'
import { TickhouseError } from '../../errors.ts'
import type { FeatureSchema } from '../features/schema.ts'
import type { ReadFile } from '../strategy.ts'
import { DISTRIBUTION } from './drift.ts'
import { LightGbm } from './lightgbm.ts'
import { Onnx } from './onnx/onnx.ts'

/** From and until, µs since 1970 UTC. */
const PERIOD = z.tuple([z.number(), z.number()])

const FOLD = z.object({
  train: PERIOD,
  test: PERIOD,
  /** Of training and test. */
  rows: z.tuple([z.number(), z.number()]),
  purged: z.number(),
  /** The rows that scales and thresholds were learned of. */
  fitted_on: PERIOD,
  auc: z.number(),
})

const NUMBERS = z.array(z.number())

const MODEL = z.object({
  format: z.literal('tickhouse-model-1'),
  kind: z.enum(['lightgbm', 'logistic', 'onnx']),
  features: z.object({ schema: z.string(), names: z.array(z.string()), every_seconds: z.number(), window: z.number() }),
  /** `horizon` in samples, `reach_micros`: how far after a row prices change its label. */
  label: z.object({
    horizon: z.number().int().positive(),
    reach_micros: z.number(),
    /** `return`: the return over the horizon is above `threshold`. `own`: made by code of the user. */
    target: z.enum(['return', 'own']).optional(),
    threshold: z.number().optional(),
  }),
  trained: z.object({
    from: z.number(),
    /** When the last label was known. */
    until: z.number(),
    rows: z.number(),
    instruments: z.array(z.string()),
    run: z.string(),
    dataset: z.string(),
  }),
  /** Samples. */
  embargo: z.number().min(0),
  folds: z.array(FOLD),
  /** Mean AUC of the folds of each training with shuffled labels. */
  permuted_auc: NUMBERS,
  /** Of its training rows: of each feature in their order, and of what it predicted of the rows that its folds were tested on. */
  distributions: z.object({ features: z.array(DISTRIBUTION), probability: DISTRIBUTION.optional() }).optional(),
  lightgbm: z.string().optional(),
  /** The file, in base64. */
  onnx: z.base64().optional(),
  logistic: z.object({ means: NUMBERS, scales: NUMBERS, coefficients: NUMBERS, intercept: z.number() }).optional(),
})

export type ModelFacts = z.output<typeof MODEL>

export interface Model {
  facts: ModelFacts
  sha256: string
  /** Before the sigmoid, of ONNX the probability; `values` in the order of the features. NaN: none. */
  score(values: Float64Array): number
  /** Of a score: that the label is above its threshold. */
  probability(score: number): number
}

/** The facts of a model's file. Throws `config_invalid`. */
export function readFacts({ path, text }: ReadFile): ModelFacts {
  try {
    return MODEL.parse(JSON.parse(text))
  } catch (error) {
    const why =
      error instanceof z.ZodError ? `${error.issues[0]!.path.join('.')}: ${error.issues[0]!.message}` : String(error)
    throw new TickhouseError('config_invalid', `${path} is no model: ${why}`, 'Train one as in docs/lab-models.md.')
  }
}

/** Throws `config_invalid` for a file that is no model, and for one of other features. */
export function readModel(file: ReadFile, schema: FeatureSchema): Model {
  const facts = readFacts(file)
  const { features } = facts
  if (features.schema !== schema.hash)
    throw new TickhouseError(
      'config_invalid',
      `${file.path} was trained with other features (${describe(features.schema, features.every_seconds, features.window)}) than ` +
        `the strategy computes (${describe(schema.hash, schema.everySeconds, schema.window)})`,
      'Set every_seconds, window and horizons as they were for its training, or train it again: tickhouse lab features.',
    )
  if (facts.distributions && facts.distributions.features.length !== schema.names.length)
    throw new TickhouseError('config_invalid', `${file.path} has no distribution of each feature`, 'Train it again.')
  const { sha256 } = file
  if (facts.lightgbm !== undefined) {
    const trees = new LightGbm(facts.lightgbm)
    return {
      facts,
      sha256,
      score: values => trees.score(values),
      probability: score => sigmoid(trees.steepness * score),
    }
  }
  if (facts.onnx !== undefined) {
    const onnx = Onnx.of(file, facts.onnx, schema.names.length)
    return { facts, sha256, score: values => onnx.probability(values), probability: score => score }
  }
  const { logistic } = facts
  const isWhole =
    logistic &&
    [logistic.means, logistic.scales, logistic.coefficients].every(({ length }) => length === schema.names.length)
  if (!isWhole)
    throw new TickhouseError(
      'config_invalid',
      `${file.path} has neither trees nor coefficients, and is no ONNX`,
      'Train it again.',
    )
  return { facts, sha256, score: values => linear(logistic, values), probability: sigmoid }
}

/** In the order of training's own sum; a value that is not known counts as the mean. */
function linear(
  { means, scales, coefficients, intercept }: NonNullable<ModelFacts['logistic']>,
  values: Float64Array,
): number {
  let sum = intercept
  for (let at = 0; at < means.length; at++) {
    const value = values[at]!
    sum += (Number.isNaN(value) ? 0 : (value - means[at]!) / scales[at]!) * coefficients[at]!
  }
  return sum
}

const sigmoid = (score: number) => 1 / (1 + Math.exp(-score))

const describe = (hash: string, everySeconds: number, window: number) =>
  `every ${everySeconds} s, window ${window}, schema ${hash.slice(0, 12)}`
