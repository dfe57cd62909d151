/**
 * What the archive had under a checkpoint of its log: the positions of all rows in the objects that were sealed until then. Ticks that
 * were repaired, backfilled or amended later came later in the log, so their positions are not among them.
 */
import { TickhouseError } from '../../errors.ts'
import { hashesReader } from '../../proof/entries.ts'
import { type Leaf, parseLeaf } from '../../proof/leaf.ts'
import { leafHash, rootOf } from '../../proof/merkle.ts'
import { type Checkpoint, openCheckpoint, type Verifier } from '../../proof/note.ts'
import { damaged, type ReadFile, readEntries } from '../../proof/tiles.ts'
import { CHECKPOINT } from '../../proof/tlog.ts'
import type { PositionRange } from '../../store/store.ts'
import { QUARANTINE, TICK_KINDS } from '../kinds.ts'

/** The rows of a table under a checkpoint. */
export interface SealedTable {
  table: string
  objects: number
  rows: number
  /** Sum, modulo 2^64, and xor of the hashes of all rows: see docs/archive.md. */
  hashSum: string
  hashXor: string
  positions: PositionRange[]
}

export interface SealedState {
  checkpoint: Checkpoint
  /** Tables with ticks under the checkpoint, in the order of their names. */
  tables: SealedTable[]
  /** Keys of objects that were archived again since: ticks were moved between tables after the checkpoint. */
  changed: string[]
}

/** The signed checkpoint of an archive. Throws `usage` if nothing is sealed yet, `archive_mismatch` if another key signed it. */
export async function newestCheckpoint(
  read: ReadFile,
  verifier: Verifier,
): Promise<{ note: string; checkpoint: Checkpoint }> {
  const note = (await read(CHECKPOINT))?.toString()
  if (note === undefined) throw nothingSealed()
  const checkpoint = openCheckpoint(note, verifier)
  if (!checkpoint) throw damaged('its checkpoint is not signed by its key')
  return { note, checkpoint }
}

export const nothingSealed = () =>
  new TickhouseError(
    'usage',
    'nothing in the archive is sealed yet',
    'An hour is sealed about a minute after its end: see docs/proof.md.',
  )

/** The state under the checkpoint of `size` entries, with root `root` if it is known. Throws `archive_mismatch`, or `usage` for a size that never was. */
export async function sealedState(
  read: ReadFile,
  verifier: Verifier,
  size: number,
  root?: Buffer,
): Promise<SealedState> {
  const { checkpoint: newest } = await newestCheckpoint(read, verifier)
  if (size > newest.size || size < 1)
    throw new TickhouseError(
      'usage',
      `no checkpoint of ${size} entries: the log of the archive has ${newest.size}`,
      'Name a pinned dataset, or a number of entries up to that.',
    )
  const hashes: Buffer[] = []
  const objects = new Map<string, Leaf>()
  /** Of refused ticks, by segment: those that all left quarantine have no later entry, and the table they moved to may have its first. */
  const refused = new Map<string, string>()
  const changed = new Set<string>()
  for await (const { first, entries } of readEntries(read, newest.size)) {
    for (const [at, bytes] of entries.entries()) {
      hashes.push(leafHash(bytes))
      const leaf = parseLeaf(bytes.toString())
      if (!leaf || !TICK_KINDS.some(({ table }) => table === leaf.kind)) continue
      const { key } = leaf.object
      if (first + at < size) {
        objects.set(key, leaf)
        if (leaf.kind === QUARANTINE) refused.set(segmentOf(leaf), key)
        continue
      }
      const known = objects.get(key)
      const moved = known ? !hasSameRows(known, leaf) && key : refused.get(segmentOf(leaf))
      if (moved) changed.add(moved)
    }
  }
  if (!(await rootOf(newest.size, hashesReader(hashes))).equals(newest.root))
    throw damaged(`its entries do not have the root of checkpoint ${newest.size}`)
  const found = await rootOf(size, hashesReader(hashes))
  if (root && !found.equals(root)) throw damaged(`its first ${size} entries are not those of the pinned checkpoint`)
  const byTable = Map.groupBy(objects.values(), ({ kind }) => kind)
  const tables = [...byTable].sort(([a], [b]) => (a < b ? -1 : 1)).map(([table, leaves]) => tableOf(table, leaves))
  return { checkpoint: { origin: newest.origin, size, root: found }, tables, changed: [...changed] }
}

const segmentOf = ({ segment }: Leaf) => `${segment.partition} ${segment.firstOffset}`

/** Whether two entries are of the same rows: a file that is written again may have other bytes. */
const hasSameRows = ({ object: one }: Leaf, { object: other }: Leaf): boolean =>
  one.rows === other.rows && one.hashSum === other.hashSum && one.hashXor === other.hashXor

function tableOf(table: string, leaves: readonly Leaf[]): SealedTable {
  const objects = leaves.map(({ object }) => object)
  return {
    table,
    objects: leaves.length,
    rows: objects.reduce((sum, { rows }) => sum + rows, 0),
    hashSum: String(
      BigInt.asUintN(
        64,
        objects.reduce((sum, { hashSum }) => sum + BigInt(hashSum), 0n),
      ),
    ),
    hashXor: String(objects.reduce((xor, { hashXor }) => xor ^ BigInt(hashXor), 0n)),
    positions: joined(leaves.map(({ segment }) => [segment.partition, segment.firstOffset, segment.lastOffset])),
  }
}

/** Ranges that follow each other as one, by partition, rising. */
function joined(ranges: readonly PositionRange[]): PositionRange[] {
  const list: PositionRange[] = []
  for (const [partition, first, last] of ranges.toSorted((a, b) => a[0] - b[0] || a[1] - b[1])) {
    const before = list.at(-1)
    if (before && before[0] === partition && first <= before[2] + 1) before[2] = Math.max(before[2], last)
    else list.push([partition, first, last])
  }
  return list
}
