/** `tickhouse prove`: the entries of the archive's transparency log that cover a day of a symbol. */
import { logFilesOf } from '../../archive/seal/log-files.ts'
import { openTarget } from '../../archive/targets/open.ts'
import type { Config } from '../../config.ts'
import { symbolsIn } from '../../proof/certificate.ts'
import { parseLeaf } from '../../proof/leaf.ts'
import { type Checkpoint, openCheckpoint, parseVerifier } from '../../proof/note.ts'
import { readEntries } from '../../proof/tiles.ts'
import { CHECKPOINT, PUBLIC_KEY } from '../../proof/tlog.ts'
import { StoredTrades, type SymbolDay } from '../../reconcile/stored.ts'
import { TRADES } from '../../tick/kinds.ts'

export interface SealedDay {
  /** The checkpoint's name of its key, and number of entries. */
  origin: string
  checkpoint: number
  /** Archived objects with trades of this day and symbol, by the last entry of each, and their rows of the symbol. */
  objects: number
  rows: number
}

/**
 * Null without an archive or a log in it. The last checkpoint's signature and the hash of each entry are verified; the
 * objects are not: `archive verify` reads them. Throws errors of the archive.
 */
export async function readSealed(config: Config, of: SymbolDay): Promise<SealedDay | null> {
  if (config.ARCHIVE === 'off') return null
  const target = await openTarget(config.ARCHIVE, config.ARCHIVE_SPOOL)
  try {
    const { read } = logFilesOf(target)
    const [note, key] = [(await read(CHECKPOINT))?.toString(), (await read(PUBLIC_KEY))?.toString()]
    const verifier = key === undefined ? null : parseVerifier(key.trim())
    const checkpoint = note === undefined || !verifier ? null : openCheckpoint(note, verifier)
    return checkpoint ? await readDay(read, checkpoint, of) : null
  } finally {
    await target.close()
  }
}

async function readDay(
  read: (path: string) => Promise<Buffer | null>,
  checkpoint: Checkpoint,
  { venue, symbol, day }: SymbolDay,
): Promise<SealedDay> {
  const [from, to] = StoredTrades.dayMicros(day).map(micros => BigInt(micros) * 1000n) as [bigint, bigint]
  const range = { venue, symbol, kind: TRADES.table, from, to }
  const rows = new Map<string, number>()
  for await (const { entries } of readEntries(read, checkpoint.size))
    for (const entry of entries) {
      const leaf = parseLeaf(entry.toString())
      const found = leaf ? symbolsIn(leaf, range) : []
      if (found.length > 0) rows.set(leaf!.object.key, sumOf(found.map(each => each.rows)))
    }
  const total = sumOf([...rows.values()])
  return { origin: checkpoint.origin, checkpoint: checkpoint.size, objects: rows.size, rows: total }
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0)
