/** `tickhouse lab models`: the models that runs were played with. */
import type { Config } from '../../config.ts'
import { type RegisteredModel, readModels } from '../../lab/stored/models.ts'
import { plainLine, tableLines } from '../../plain-text.ts'
import { openStoreAccess } from '../open-store.ts'

export interface LabModelsFlags {
  json?: true
}

const LINE_LENGTH_MAX = 300
const HASH_SHOWN = 12

/** Prints a line of each, the newest first. Throws TickhouseErrors. */
export async function labModels(config: Config, { json }: LabModelsFlags): Promise<void> {
  const access = await openStoreAccess(config)
  try {
    const models = await readModels(access.query)
    if (json) console.log(JSON.stringify(models))
    else for (const line of describeModels(models)) console.log(plainLine(line, LINE_LENGTH_MAX))
  } finally {
    await access.close()
  }
}

/** Lines of a table; “–” where nothing is known. */
export function describeModels(models: readonly RegisteredModel[]): string[] {
  if (models.length === 0) return ['No run was played with a model: docs/lab-models.md']
  const header = [
    'model',
    'kind',
    'file',
    'trained from',
    'until (UTC)',
    'features',
    'stage',
    'runs',
    'shadow',
    'paper',
    'last (UTC)',
    'AUC of folds',
    'AUC since',
  ]
  const cells = models.map(model => [
    ...[model.sha256.slice(0, HASH_SHOWN), model.kind, model.file || '–'],
    ...[
      minute(model.trainedFromMicros),
      minute(model.trainedUntilMicros),
      model.schema.slice(0, HASH_SHOWN),
      model.stage,
    ],
    ...[model.runs, model.shadow, model.paper].map(count => count.toLocaleString('en-US')),
    ...[minute(model.lastMicros), decimal(model.foldAuc), decimal(model.liveAuc)],
  ])
  return tableLines([header, ...cells])
}

const minute = (micros: number | null) =>
  micros === null ? '–' : new Date(micros / 1000).toISOString().slice(0, 16).replace('T', ' ')
const decimal = (value: number | null) => (value === null ? '–' : value.toFixed(3))
