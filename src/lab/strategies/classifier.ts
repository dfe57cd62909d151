/** Trades what a model predicts of features that are computed here, in training and in play. Without a model it computes them only. */
import { TickhouseError } from '../../errors.ts'
import { FeatureSet } from '../features/feature-set.ts'
import { type FeatureSchema, schemaOf } from '../features/schema.ts'
import { type Instrument, quantityOf } from '../market/instrument.ts'
import { Drift } from '../models/drift.ts'
import { type Model, readModel } from '../models/model.ts'
import type {
  Context,
  Parameters,
  Prediction,
  QuoteEvent,
  Stage,
  Strategy,
  StrategyKind,
  TradeEvent,
} from '../strategy.ts'
import { moveTo } from './target.ts'

export const CLASSIFIER: StrategyKind = {
  name: 'classifier',
  description: 'long while a model is sure of a rise, short of a fall; without a model, it computes features only',
  parameters: {
    ...{ model: '', stage: 'paper', every_seconds: 10, window: 30, horizons: '1,3,10,30' },
    ...{ entry: 0.55, exit: 0.5, money: 10_000, short: false, drift: 0.25, drift_seconds: 86_400 },
  },
  files: ['model'],
  make: ({ stage, every_seconds, window, horizons, entry, exit, money, short, drift, drift_seconds }, files) => {
    const features = schemaOf(Number(every_seconds), Number(window), String(horizons))
    const model = files?.model && readModel(files.model, features)
    const rules = { entry: Number(entry), exit: Number(exit), money: Number(money), isShort: short === true }
    const drifting = model && driftOf(model, Number(drift), Number(drift_seconds))
    return new Classifier(features, model, stageOf(stage!), rules, drifting)
  },
}

/** Throws `config_invalid` for another word. */
export function stageOf(stated: Parameters[string]): Stage {
  if (stated === 'shadow' || stated === 'paper') return stated
  throw new TickhouseError(
    'config_invalid',
    `stage ${stated}: a model is in stage shadow or paper`,
    'In shadow it predicts and sends no orders; in paper it trades on paper: docs/lab-models.md.',
  )
}

/** Undefined without a bound, and of a model that does not state the distributions of its training rows. */
function driftOf({ facts }: Model, bound: number, seconds: number): Drift | undefined {
  if (bound < 0 || !(seconds > 0))
    throw new TickhouseError(
      'config_invalid',
      `drift ${bound} over ${seconds} s: not a bound and a time above 0`,
      'Set drift and drift_seconds as in docs/lab-models.md; drift: 0 is no check.',
    )
  const { distributions, features } = facts
  if (!distributions || bound === 0) return undefined
  const names = [...features.names, 'probability']
  const { probability } = distributions
  const all = [...distributions.features, ...(probability ? [probability] : [])]
  return new Drift({ distributions: all, names, bound, seconds })
}

interface Rules {
  /** Probabilities. */
  entry: number
  exit: number
  money: number
  isShort: boolean
}

class Classifier implements Strategy {
  readonly timerSeconds: number
  readonly features: FeatureSchema
  readonly #sets: FeatureSet[] = []
  readonly #model: Model | undefined
  readonly #rules: Rules
  readonly #prediction: Prediction
  readonly #drift: Drift | undefined

  constructor(features: FeatureSchema, model: Model | undefined, stage: Stage, rules: Rules, drift: Drift | undefined) {
    this.timerSeconds = features.everySeconds
    this.features = features
    this.#model = model
    this.#rules = rules
    this.#drift = drift
    this.#prediction = { model: model?.sha256 ?? '', stage, score: 0, probability: 0 }
  }

  onTrade({ instrument, volume, side, isRepaired }: TradeEvent): void {
    if (!isRepaired) this.#setOf(instrument).trade(volume, side)
  }

  onQuote({ instrument, bidPrice, bidSize, askPrice, askSize }: QuoteEvent): void {
    this.#setOf(instrument).quote(bidPrice, bidSize, askPrice, askSize)
  }

  onTimer(_timeMicros: number, context: Context): void {
    for (const instrument of context.instruments) {
      const set = this.#setOf(instrument)
      const price = context.mark(instrument)
      if (!(price > 0) || !set.sample(price)) continue
      context.sampled(instrument, set.values)
      if (this.#model) this.#predict(this.#model, set.values, instrument, price, context)
    }
  }

  #predict(model: Model, values: Float64Array, instrument: Instrument, price: number, context: Context): void {
    const prediction = this.#prediction
    prediction.score = model.score(values)
    prediction.probability = model.probability(prediction.score)
    // Training leaves out rows whose tape is not whole.
    const drift = this.#drift
    if (drift && context.isWhole(instrument))
      drift.add(context.nowMicros, values, prediction.probability, (name, index) => {
        context.drifted(name, index, drift.bound)
      })
    // An ONNX model may have no answer where a feature is not known.
    if (Number.isNaN(prediction.probability)) return
    context.predicted(instrument, prediction)
    if (prediction.stage === 'shadow') return
    const { entry, exit, money, isShort } = this.#rules
    const rise = prediction.probability
    const held = Math.sign(context.position(instrument))
    if (rise > entry && held <= 0) moveTo(quantityOf(money, price, instrument), instrument, context)
    else if (1 - rise > entry && isShort && held >= 0)
      moveTo(quantityOf(-money, price, instrument), instrument, context)
    else if ((held > 0 && rise < exit) || (held < 0 && 1 - rise < exit)) moveTo(0, instrument, context)
  }

  #setOf({ index }: Instrument): FeatureSet {
    this.#sets[index] ??= new FeatureSet(this.features)
    return this.#sets[index]
  }
}
