/** The models that a run is played with: rows of `lab_models`, and what is not checked of them. */
import type { ReadPortfolio } from '../portfolio/read.ts'
import { type Owner, type Row, timeText } from '../results/rows.ts'
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

/** A sentence of each model whose drift is not checked. Throws `config_invalid` for a file that is no model. */
export function notesOf({ strategies }: Pick<ReadPortfolio, 'strategies'>): string[] {
  return strategies.flatMap(({ entry, kind, parameters, files: { model } }) => {
    if (kind !== CLASSIFIER || !model) return []
    if (parameters.drift === 0) return [`${entry.name}: drift is not checked: drift is 0`]
    if (readFacts(model).distributions) return []
    return [
      `${entry.name}: drift is not checked: ${model.path} does not state the distributions of its training rows. Train it again.`,
    ]
  })
}

/** A sentence of each strategy with more rows of drift than it had in `seen`, which is brought up to date. */
export function newDrifts(
  recorded: readonly { owner: Owner; breaches: Readonly<Record<string, number>> }[],
  seen: Map<string, number>,
): string[] {
  return recorded.flatMap(({ owner: { strategy }, breaches }) => {
    const drifts = Object.entries(breaches).filter(([limit]) => limit.startsWith('drift '))
    const fresh = drifts.filter(([limit, count]) => count > (seen.get(`${strategy} ${limit}`) ?? 0))
    for (const [limit, count] of fresh) seen.set(`${strategy} ${limit}`, count)
    if (fresh.length === 0) return []
    const names = fresh.map(([limit]) => limit.slice('drift '.length)).join(', ')
    return [`warning: ${strategy}: ${names} of its model drifted from its training: lab_limits has how far`]
  })
}
