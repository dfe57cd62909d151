/** Trades what a model predicts of features that are computed here, in training and in play. Without a model it computes them only. */
import { FeatureSet } from '../features/feature-set.ts'
import { type FeatureSchema, schemaOf } from '../features/schema.ts'
import type { Instrument } from '../market/instrument.ts'
import type { Context, QuoteEvent, Strategy, StrategyKind, TradeEvent } from '../strategy.ts'

export const CLASSIFIER: StrategyKind = {
  name: 'classifier',
  description: 'trades what a model predicts; without a model, it computes features only',
  parameters: { every_seconds: 10, window: 30, horizons: '1,3,10,30' },
  make: ({ every_seconds, window, horizons }) =>
    new Classifier(schemaOf(Number(every_seconds), Number(window), String(horizons))),
}

class Classifier implements Strategy {
  readonly timerSeconds: number
  readonly features: FeatureSchema
  readonly #sets: FeatureSet[] = []

  constructor(features: FeatureSchema) {
    this.timerSeconds = features.everySeconds
    this.features = features
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
    }
  }

  #setOf({ index }: Instrument): FeatureSet {
    this.#sets[index] ??= new FeatureSet(this.features)
    return this.#sets[index]
  }
}
