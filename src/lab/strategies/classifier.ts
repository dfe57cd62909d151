/** Trades what a model predicts of features that are computed here, in training and in play. Without a model it computes them only. */
import { FeatureSet } from '../features/feature-set.ts'
import { type FeatureSchema, schemaOf } from '../features/schema.ts'
import type { Instrument } from '../market/instrument.ts'
import { type Model, readModel } from '../models/model.ts'
import type { Context, QuoteEvent, Strategy, StrategyKind, TradeEvent } from '../strategy.ts'
import { moveTo } from './target.ts'

export const CLASSIFIER: StrategyKind = {
  name: 'classifier',
  description: 'long while a model is sure of a rise, short of a fall; without a model, it computes features only',
  parameters: {
    ...{ model: '', every_seconds: 10, window: 30, horizons: '1,3,10,30' },
    ...{ entry: 0.55, exit: 0.5, money: 10_000, short: false },
  },
  files: ['model'],
  make: ({ every_seconds, window, horizons, entry, exit, money, short }, files) => {
    const features = schemaOf(Number(every_seconds), Number(window), String(horizons))
    const model = files?.model && readModel(files.model, features)
    return new Classifier(features, model, Number(entry), Number(exit), Number(money), short === true)
  },
}

class Classifier implements Strategy {
  readonly timerSeconds: number
  readonly features: FeatureSchema
  readonly #sets: FeatureSet[] = []
  readonly #model: Model | undefined
  readonly #entry: number
  readonly #exit: number
  readonly #money: number
  readonly #isShort: boolean
  readonly #prediction = { model: '', score: 0, probability: 0 }

  constructor(
    features: FeatureSchema,
    model: Model | undefined,
    entry: number,
    exit: number,
    money: number,
    isShort: boolean,
  ) {
    this.timerSeconds = features.everySeconds
    this.features = features
    this.#model = model
    this.#entry = entry
    this.#exit = exit
    this.#money = money
    this.#isShort = isShort
    this.#prediction.model = model?.sha256 ?? ''
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
      if (this.#model) this.#trade(this.#model, set.values, instrument, price, context)
    }
  }

  #trade(model: Model, values: Float64Array, instrument: Instrument, price: number, context: Context): void {
    const prediction = this.#prediction
    prediction.score = model.score(values)
    prediction.probability = model.probability(prediction.score)
    context.predicted(instrument, prediction)
    const rise = prediction.probability
    const held = Math.sign(context.position(instrument))
    if (rise > this.#entry && held <= 0) moveTo(this.#money / price, instrument, context)
    else if (1 - rise > this.#entry && this.#isShort && held >= 0) moveTo(-this.#money / price, instrument, context)
    else if ((held > 0 && rise < this.#exit) || (held < 0 && 1 - rise < this.#exit)) moveTo(0, instrument, context)
  }

  #setOf({ index }: Instrument): FeatureSet {
    this.#sets[index] ??= new FeatureSet(this.features)
    return this.#sets[index]
  }
}
