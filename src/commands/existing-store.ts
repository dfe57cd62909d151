import fs from 'node:fs'
import type { Config } from '../config.ts'
import { TickhouseError } from '../errors.ts'
import { embeddedDirectory } from '../store/address.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'

/**
 * Opens the store for a command that only reads. Throws `config_invalid` if it does not exist: a new one would be
 * empty, and results from it misleading.
 */
export async function openExistingStore(config: Config): Promise<Store> {
  const directory = embeddedDirectory(config.STORE)
  if (directory !== undefined && !fs.existsSync(directory))
    throw new TickhouseError(
      'config_invalid',
      `there is no store in ${directory}`,
      'Run this where ingest runs, or set TICKHOUSE_STORE to its store.',
    )
  return await openStore(config.STORE)
}
