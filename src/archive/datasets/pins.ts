/** Pinned datasets: names for checkpoints of the archive's log, each a file `datasets/<name>.json` that is never replaced. */
import fs from 'node:fs'
import { z } from 'zod'
import { TickhouseError } from '../../errors.ts'
import { openCheckpoint, type Verifier } from '../../proof/note.ts'
import { VERSION } from '../../version.ts'
import { cosignedNote } from '../seal/certify.ts'
import type { ArchiveTarget } from '../targets/target.ts'
import { newestCheckpoint, type SealedState, sealedState } from './as-of.ts'

const PREFIX = 'datasets/'
const BYTES_MAX = 2 ** 24
const NAME = /^[A-Za-z][\w.-]{0,99}$/

const count = z.int().min(0)
const PIN = z.strictObject({
  version: z.literal(1),
  name: z.string().regex(NAME),
  pinnedAt: z.iso.datetime(),
  software: z.string(),
  /** The signed note, with the cosignatures that it had by then. */
  checkpoint: z.string(),
  tables: z.array(
    z.strictObject({
      table: z.string(),
      objects: count,
      rows: count,
      hashSum: z.string(),
      hashXor: z.string(),
      positions: z.array(z.tuple([count, count, count])),
    }),
  ),
})

export type Pin = z.output<typeof PIN>

type ReadLog = (path: string) => Promise<Buffer | null>

/** Pins the newest checkpoint under a name. Throws `usage` if the name is taken or is none. */
export async function pinDataset(
  target: ArchiveTarget,
  read: ReadLog,
  verifier: Verifier,
  name: string,
  nowMs: number,
): Promise<Pin> {
  if (!NAME.test(name))
    throw new TickhouseError(
      'usage',
      `not a name: ${name}`,
      'It begins with a letter: letters, digits, . _ and -, at most 100.',
    )
  const { note, checkpoint } = await newestCheckpoint(read, verifier)
  const { tables } = await sealedState(read, verifier, checkpoint.size, checkpoint.root)
  const pin: Pin = {
    version: 1,
    name,
    pinnedAt: new Date(nowMs).toISOString(),
    software: `tickhouse ${VERSION}`,
    checkpoint: await cosignedNote(read, note, checkpoint.size),
    tables,
  }
  const text = `${JSON.stringify(pin, null, 1)}\n`
  if (!(await readPin(target, name))) await target.create(keyOf(name), text)
  const stored = await readPin(target, name)
  if (stored && JSON.stringify(stored) === JSON.stringify(pin)) return pin
  throw new TickhouseError('usage', `${name} is pinned already`, 'A pin is never replaced: choose another name.')
}

const keyOf = (name: string) => `${PREFIX}${name}.json`

/** A pin; null if there is none of that name. Throws `archive_mismatch` if its file is none. */
export async function readPin(target: ArchiveTarget, name: string): Promise<Pin | null> {
  if (!NAME.test(name)) return null
  const fetched = await target.fetch(keyOf(name))
  if (!fetched) return null
  try {
    if (fetched.bytes > BYTES_MAX) throw new Error(`${fetched.bytes} bytes`)
    return PIN.parse(JSON.parse(await fs.promises.readFile(fetched.file, 'utf8')))
  } catch (error) {
    throw new TickhouseError(
      'archive_mismatch',
      `${keyOf(name)} is no pin: ${(error as Error).message.split('\n')[0]}`,
      'Restore it from a copy of the archive.',
    )
  } finally {
    await fetched.release()
  }
}

/** All pins, by name. */
export async function listPins(target: ArchiveTarget): Promise<Pin[]> {
  const pins: Pin[] = []
  for await (const { key } of target.list(PREFIX)) {
    const pin = await readPin(target, key.slice(PREFIX.length).replace(/\.json$/, ''))
    if (pin) pins.push(pin)
  }
  return pins
}

/**
 * The state that a pin or a number of entries names. Throws `usage` if there is none, `archive_mismatch` if log and pin
 * contradict each other, or if rows under the checkpoint changed since.
 */
export async function stateOf(
  target: ArchiveTarget,
  read: ReadLog,
  verifier: Verifier,
  named: string,
): Promise<SealedState> {
  const pin = /^\d+$/.test(named) ? null : await readPin(target, named)
  if (!pin && !/^\d+$/.test(named))
    throw new TickhouseError(
      'usage',
      `no pinned dataset ${named}`,
      'tickhouse dataset list names them; a number of entries of the log is a checkpoint.',
    )
  const pinned = pin && openCheckpoint(pin.checkpoint, verifier)
  if (pin && !pinned) throw mismatch(`the checkpoint of ${named} is not signed by the key of the archive`)
  const state = await sealedState(read, verifier, pinned?.size ?? Number(named), pinned?.root)
  if (pin && JSON.stringify(state.tables) !== JSON.stringify(pin.tables))
    throw mismatch(`${named} names other rows than its checkpoint`)
  const [first, ...others] = state.changed
  if (first !== undefined)
    throw mismatch(
      `${first}${others.length > 0 ? ` and ${others.length} objects more` : ''} under this checkpoint were archived again since, with other rows`,
    )
  return state
}

function mismatch(why: string): TickhouseError {
  return new TickhouseError(
    'archive_mismatch',
    `the rows of that time cannot be selected: ${why}`,
    'See docs/datasets.md for when this happens, and what to do.',
  )
}
