import fs from 'node:fs'
import type { Config } from '../config.ts'
import { TickhouseError } from '../errors.ts'
import { embeddedDirectory } from '../store/address.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'

/**
 * Opens the store for a command that only asks. Throws `config_invalid` where there is none: one made here would be empty, and what is
 * said of it would be taken for the truth.
 */
export async function openExistingStore(config: Config): Promise<Store> {
  const directory = embeddedDirectory(config.STORE)
  if (directory !== undefined && !fs.existsSync(directory))
    throw new TickhouseError(
      'config_invalid',
      `there is no store in ${directory}`,
      'Run this where ingest runs, or set TICKHOUSE_STORE to the store that it fills.',
    )
  return await openStore(config.STORE)
}
