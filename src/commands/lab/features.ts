/** `tickhouse lab features`: what the strategies of a portfolio compute of stored ticks, as rows and as a Parquet file to train with. */
import fs from 'node:fs'
import type { Config } from '../../config.ts'
import { TickhouseError } from '../../errors.ts'
import type { FeatureSchema } from '../../lab/features/schema.ts'
import { type ReadPortfolio, readPortfolio } from '../../lab/portfolio/read.ts'
import { RowWriter } from '../../lab/results/row-writer.ts'
import { backtest, newRun } from '../../lab/run/backtest.ts'
import { literal } from '../../store/sql.ts'
import { openStoreAccess } from '../open-store.ts'
import { timeRange } from '../parse-time.ts'
import { Progress } from '../progress.ts'
import { namedDataset, readingTicks } from './dataset.ts'
import { countRows, inserting } from './rows.ts'

export interface LabFeaturesFlags {
  out?: string
  strategy?: string
  from?: string
  to?: string
  asOf?: string
}

/** Prints the number of rows. Throws TickhouseErrors. */
export async function labFeatures(
  config: Config,
  file: string,
  { out, strategy, ...flags }: LabFeaturesFlags,
  signal: AbortSignal,
): Promise<void> {
  const portfolio = await readPortfolio(file)
  // Before any tick is played: that may take hours.
  const computing = computingOf(portfolio)
  const chosen = chosenOf(computing, strategy)
  const dataset = flags.asOf === undefined ? undefined : await namedDataset(config, flags.asOf)
  const access = await openStoreAccess(config)
  try {
    const insert = inserting(config, access)
    const writer = new RowWriter(async (table, rows) => {
      if (table === 'lab_features') await insert(table, rows)
    })
    const progress = new Progress('ticks', 0)
    const run = newRun(portfolio.portfolio.name)
    const { ticks } = await backtest({
      ...{ run, portfolio, writer, signal, runQuery: access.query, keepsFeatures: true },
      readTicks: dataset && readingTicks(access, dataset),
      ...timeRange(flags),
      onProgress: played => progress.show(played),
    })
    progress.end()
    console.log(
      `run ${run}: features of ${computing.map(({ name }) => name).join(', ')} from ${ticks} ticks, in lab_features`,
    )
    if (out === undefined) return
    if ((await countRows(access, run, 'lab_features')) === 0)
      throw new TickhouseError(
        'usage',
        `no sample of ${chosen.name} is whole: fewer samples than its window and horizons need`,
        'Play more time, or shorten every_seconds, window and horizons.',
      )
    const answer = await access.query(statementOf(run, chosen.name, chosen.features, dataset?.text ?? ''), 'Parquet')
    write(out, answer)
    console.log(`${chosen.name} (schema ${chosen.features.hash.slice(0, 12)}): ${out}`)
  } finally {
    await access.close()
  }
}

interface Computing {
  name: string
  features: FeatureSchema
}

/** The strategies that compute features. */
function computingOf({ strategies }: ReadPortfolio): Computing[] {
  return strategies.flatMap(({ entry, kind, parameters, files }) => {
    const { features } = kind.make(parameters, files)
    return features ? [{ name: entry.name, features }] : []
  })
}

/** The one that is named, or the first. Throws `usage` if there is none. */
function chosenOf(computing: readonly Computing[], strategy: string | undefined): Computing {
  const chosen = computing.find(({ name }) => strategy === undefined || name === strategy)
  if (chosen) return chosen
  if (computing.length === 0)
    throw new TickhouseError(
      'usage',
      'no strategy of the portfolio computes features',
      'Add one of kind classifier: docs/lab-models.md.',
    )
  const names = computing.map(({ name }) => name).join(', ')
  throw new TickhouseError('usage', `no strategy ${strategy} computes features`, `These do: ${names}.`)
}

/** Rows in the order of time; each states the run, schema and dataset that it is of. */
function statementOf(
  run: string,
  strategy: string,
  { names, hash, everySeconds, window }: FeatureSchema,
  dataset: string,
): string {
  const values = names.map((name, at) => `values[${at + 1}] AS ${name}`)
  return `SELECT toInt64(toUnixTimestamp64Micro(at)) AS at, concat(venue, ':', symbol) AS instrument, price, whole, ${values.join(', ')},
    run, schema, ${literal(dataset)} AS dataset, toUInt32(${everySeconds}) AS every_seconds, toUInt32(${window}) AS window
    FROM lab_features WHERE run = ${literal(run)} AND strategy = ${literal(strategy)} AND schema = ${literal(hash)}
    ORDER BY lab_features.at, venue, symbol`
}

function write(file: string, bytes: Uint8Array): void {
  try {
    fs.writeFileSync(file, bytes)
  } catch (error) {
    throw new TickhouseError('usage', `cannot write ${file}: ${(error as Error).message}`, 'Choose another file.')
  }
}
