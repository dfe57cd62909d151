/** The entries of an archived object in the transparency log: one for each venue, more if a venue has many symbols. */
import { type Leaf, leafText, type SymbolSummary } from '../../proof/leaf.ts'
import { VERSION } from '../../version.ts'
import type { ArchivedObject } from '../archive.ts'
import type { Owner } from '../catalog/manifest.ts'
import { SEGMENT_TABLE } from '../kinds.ts'
import type { IdKinds, VenueSummary } from './summary.ts'

/** Characters of the symbols in an entry, so that the entry stays below 65,535 bytes in UTF-8. */
const CHARACTERS_MAX = 20_000

/** The entries' texts, in order. `summaries` is empty for quarantine and daily tables. */
export function leavesOf(
  { archive, log }: Owner,
  object: ArchivedObject,
  summaries: readonly VenueSummary[],
  idKinds: IdKinds,
): string[] {
  const { kind, segment, key, sha256, bytes, rows, hashSum, hashXor } = object
  const { partition, firstOffset, lastOffset, startMs, endMs } = segment
  const parts =
    summaries.length === 0
      ? [{ venue: '', symbols: [] }]
      : summaries.flatMap(({ venue, symbols }) => chunks(symbols).map(some => ({ venue, symbols: some })))
  return parts.map(({ venue, symbols }, at) => {
    const leaf: Leaf = {
      version: 1,
      archive,
      log,
      kind,
      venue,
      idKind: kind === SEGMENT_TABLE ? (idKinds.get(venue) ?? 'none') : '',
      segment: { partition, firstOffset, lastOffset, startMs, endMs },
      object: { key, sha256, bytes, rows, hashSum, hashXor },
      part: [at + 1, parts.length],
      software: `tickhouse ${VERSION}`,
      symbols: [...symbols],
    }
    return leafText(leaf)
  })
}

/** The symbols in lists of limited size. */
function chunks(symbols: readonly SymbolSummary[]): SymbolSummary[][] {
  const lists: SymbolSummary[][] = []
  let characters = Number.POSITIVE_INFINITY
  // All runs of a symbol are in one list.
  for (const runs of Map.groupBy(symbols, ({ symbol }) => symbol).values()) {
    const { length } = JSON.stringify(runs)
    if (characters + length > CHARACTERS_MAX) {
      lists.push([])
      characters = 0
    }
    lists.at(-1)!.push(...runs)
    characters += length
  }
  return lists
}
