/** Rows of `lab_models`: the models that a run is played with. */
import type { ReadPortfolio } from '../portfolio/read.ts'
import { type Row, timeText } from '../results/rows.ts'
import { CLASSIFIER } from '../strategies/classifier.ts'
import { readFacts } from './model.ts'

/** Throws `config_invalid` for a file that is no model. */
export function modelRows(run: string, { strategies }: Pick<ReadPortfolio, 'strategies'>, nowMicros: number): Row[] {
  return strategies.flatMap(({ kind, files: { model } }) => {
    if (kind !== CLASSIFIER || !model) return []
    const { kind: fitted, features, trained, folds } = readFacts(model)
    return [
      {
        ...{ sha256: model.sha256, kind: fitted, schema: features.schema, run, dataset: trained.dataset },
        ...{ trained_from: timeText(trained.from), trained_until: timeText(trained.until), features_run: trained.run },
        ...{ folds: JSON.stringify(folds), written_at: timeText(nowMicros) },
      },
    ]
  })
}
