/** A model's file as training writes it, of a schema of short windows. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { schemaOf } from '../../../src/lab/features/schema.ts'
import type { ReadFile } from '../../../src/lab/strategy.ts'

export const MODEL_PARAMETERS = {
  model: 'model.json',
  every_seconds: 1,
  window: 3,
  horizons: '1,2',
  entry: 0.5,
  exit: 0.5,
}

const DAY = 86_400_000_000
const FROM = Date.UTC(2026, 9, 1) * 1000

/** Five folds of a day each, purged by the label's 6 s and an embargo of as much. */
const FOLDS = Array.from({ length: 5 }, (_, at) => {
  const test = FROM + (at + 1) * DAY
  const train = [FROM, test - 13_000_000]
  return {
    train,
    test: [test, test + DAY - 1_000_000],
    rows: [86_400, 86_400],
    purged: 12,
    fitted_on: train,
    auc: 0.53,
  }
})

export function modelText(changed: Record<string, unknown> = {}): string {
  const { hash, names } = schemaOf(1, 3, '1,2')
  const [made] = JSON.parse(readFileSync(new URL('../../lab/models/made-models.json', import.meta.url), 'utf8'))
  return JSON.stringify({
    ...{ format: 'tickhouse-model-1', kind: 'lightgbm' },
    features: { schema: hash, names, every_seconds: 1, window: 3 },
    label: { target: 'return', horizon: 6, reach_micros: 6_000_000, threshold: 0.00001 },
    trained: {
      ...{ from: FROM, until: FROM + 6 * DAY, rows: 500_000, instruments: ['test:BTC'] },
      ...{ run: 'features-run', dataset: '' },
    },
    embargo: 6,
    folds: FOLDS,
    permuted_auc: [0.498, 0.501, 0.503, 0.499, 0.497, 0.5, 0.502, 0.5, 0.501, 0.499],
    ...('logistic' in changed || 'onnx' in changed ? {} : { lightgbm: made.text }),
    ...changed,
  })
}

export function modelFile(changed: Record<string, unknown> = {}): ReadFile {
  const text = modelText(changed)
  return { path: 'model.json', text, sha256: createHash('sha256').update(text).digest('hex') }
}
