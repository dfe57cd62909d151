/** Rows of `lab_models`: the models that a run is played with. */
import type { ReadPortfolio } from '../portfolio/read.ts'
import { type Row, timeText } from '../results/rows.ts'
import { CLASSIFIER, stageOf } from '../strategies/classifier.ts'
import { readFacts } from './model.ts'

const MICROS = 1_000_000

/** Throws `config_invalid` for a file that is no model. */
export function modelRows(run: string, { strategies }: Pick<ReadPortfolio, 'strategies'>, nowMicros: number): Row[] {
  return strategies.flatMap(({ kind, parameters, files: { model } }) => {
    if (kind !== CLASSIFIER || !model) return []
    const { kind: fitted, features, label, trained, folds } = readFacts(model)
    const isReturn = label.target === 'return' && label.threshold !== undefined
    return [
      {
        ...{ sha256: model.sha256, kind: fitted, schema: features.schema, run, dataset: trained.dataset },
        ...{ trained_from: timeText(trained.from), trained_until: timeText(trained.until), features_run: trained.run },
        ...{ folds: JSON.stringify(folds), written_at: timeText(nowMicros) },
        ...{ path: model.path, stage: stageOf(parameters.stage ?? CLASSIFIER.parameters.stage!) },
        label_micros: isReturn ? label.horizon * features.every_seconds * MICROS : 0,
        label_threshold: isReturn ? label.threshold : 'nan',
      },
    ]
  })
}
