/** `tickhouse dataset`: names for checkpoints of the archive, by which `query` and `certify` read what was there then. */

import { nothingSealed, type SealedState } from '../../archive/datasets/as-of.ts'
import { listPins, type Pin, pinDataset, readPin, stateOf } from '../../archive/datasets/pins.ts'
import { logFilesOf } from '../../archive/seal/log-files.ts'
import { openTarget } from '../../archive/targets/open.ts'
import type { ArchiveTarget } from '../../archive/targets/target.ts'
import type { Config } from '../../config.ts'
import { TickhouseError } from '../../errors.ts'
import { printable } from '../../plain-text.ts'
import { parseNote, parseVerifier, type Verifier } from '../../proof/note.ts'
import type { ReadFile } from '../../proof/tiles.ts'
import { PUBLIC_KEY } from '../../proof/tlog.ts'
import { count } from '../progress.ts'

interface Opened {
  target: ArchiveTarget
  read: ReadFile
  verifier: Verifier
}

async function withArchive<T>(
  config: Pick<Config, 'ARCHIVE' | 'ARCHIVE_SPOOL'>,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  if (config.ARCHIVE === 'off')
    throw new TickhouseError(
      'config_invalid',
      'there is no archive: TICKHOUSE_ARCHIVE is off',
      'Set it: see docs/archive.md.',
    )
  const target = await openTarget(config.ARCHIVE, config.ARCHIVE_SPOOL)
  try {
    const { read } = logFilesOf(target)
    const verifier = parseVerifier((await read(PUBLIC_KEY))?.toString() ?? '')
    if (verifier) return await work({ target, read, verifier })
    throw nothingSealed()
  } finally {
    await target.close()
  }
}

/** Pins the newest checkpoint. Throws TickhouseErrors. */
export async function pin(config: Config, name: string): Promise<void> {
  await withArchive(config, async ({ target, read, verifier }) =>
    print(await pinDataset(target, read, verifier, name, Date.now())),
  )
}

export async function listDatasets(config: Config, { json }: { json?: true }): Promise<void> {
  const pins = await withArchive(config, ({ target }) => listPins(target))
  if (json) console.log(JSON.stringify(pins, null, 1))
  else for (const each of pins) console.log(printable(line(each)))
}

/** Prints a pin, after it was compared with the log. Throws TickhouseErrors. */
export async function showDataset(config: Config, name: string, { json }: { json?: true }): Promise<void> {
  await withArchive(config, async ({ target, read, verifier }) => {
    const found = await readPin(target, name)
    await stateOf(target, read, verifier, name)
    if (json) console.log(JSON.stringify(found, null, 1))
    else print(found!)
  })
}

/** The rows that a pin or a number of entries names. Throws TickhouseErrors. */
export function namedState(config: Pick<Config, 'ARCHIVE' | 'ARCHIVE_SPOOL'>, name: string): Promise<SealedState> {
  return withArchive(config, ({ target, read, verifier }) => stateOf(target, read, verifier, name))
}

const sizeOf = ({ checkpoint }: Pin) => parseNote(checkpoint)?.text.split('\n')[1] ?? ''

const line = (made: Pin) =>
  `${made.name}: checkpoint ${sizeOf(made)}, pinned ${made.pinnedAt}, ${count(made.tables.reduce((sum, { rows }) => sum + rows, 0))} rows`

function print(made: Pin): void {
  console.log(printable(line(made)))
  for (const { table, rows, objects, hashSum, hashXor } of made.tables)
    console.log(printable(`${table}: ${count(rows)} rows in ${objects} objects, hashes ${hashSum} and ${hashXor}`))
  const [, ...witnesses] = parseNote(made.checkpoint)?.signatures ?? []
  if (witnesses.length > 0) console.log(printable(`cosigned by ${witnesses.map(({ name }) => name).join(', ')}`))
}
