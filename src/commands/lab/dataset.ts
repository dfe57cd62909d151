/** Pinned datasets of runs: which ticks they saw, whatever is repaired or backfilled later. */
import type { Config } from '../../config.ts'
import { TickhouseError } from '../../errors.ts'
import type { RunQuery } from '../../replay/range.ts'
import type { Selection } from '../../store/store.ts'
import type { StoreAccess } from '../open-store.ts'
import { namedState } from '../proof/datasets.ts'

export interface Dataset {
  /** The name, and the checkpoint: `backtest-7 (12 entries, root …)`. */
  text: string
  only: Selection
}

/** A pinned dataset, or the checkpoint of a number of entries. Throws TickhouseErrors. */
export async function namedDataset(config: Config, name: string): Promise<Dataset> {
  const { checkpoint, tables } = await namedState(config, name)
  const { size, root } = checkpoint
  return {
    text: `${name} (${size} entries, root ${root.toString('base64')})`,
    only: Object.fromEntries(tables.map(({ table, positions }) => [table, positions])),
  }
}

/** The dataset that a run states. Throws `archive_mismatch` if its name now stands for another checkpoint. */
export async function sameDataset(config: Config, text: string): Promise<Dataset> {
  const dataset = await namedDataset(config, text.slice(0, text.indexOf(' (')))
  if (dataset.text === text) return dataset
  throw new TickhouseError(
    'archive_mismatch',
    `the run is of dataset ${text}, and the archive has ${dataset.text}`,
    'Set TICKHOUSE_ARCHIVE to the archive of that run.',
  )
}

/** Reads ticks of the dataset alone. */
export function readingTicks({ query }: StoreAccess, { only }: Dataset): RunQuery {
  return (statement, format) => query(statement, format, only)
}
