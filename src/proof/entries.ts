/** The entries of a log under a checkpoint, all of them compared with its root. */
import { isOfRange, type Range } from './certificate.ts'
import { type Leaf, parseLeaf } from './leaf.ts'
import { leafHash, type ReadHash, rootOf, subtreeRoot } from './merkle.ts'
import type { Checkpoint } from './note.ts'
import { damaged, type ReadFile, readEntries } from './tiles.ts'

/** An entry and its place in the log. */
export interface Entry {
  index: number
  text: string
  leaf: Leaf
}

export interface SealedEntries {
  /** Hash of each entry. */
  hashes: Buffer[]
  /** Those of a kind; without text and symbols unless they are of the range. */
  entries: Entry[]
}

/** Reads all entries and keeps those of the range's kind. Throws `archive_mismatch` if they have not the checkpoint's root. */
export async function sealedEntries(read: ReadFile, { size, root }: Checkpoint, range: Range): Promise<SealedEntries> {
  const hashes: Buffer[] = []
  const entries: Entry[] = []
  for await (const { first, entries: some } of readEntries(read, size)) {
    for (const [at, bytes] of some.entries()) {
      hashes.push(leafHash(bytes))
      const text = bytes.toString()
      const leaf = parseLeaf(text)
      if (leaf?.kind !== range.kind) continue
      const index = first + at
      entries.push(isOfRange(leaf, range) ? { index, text, leaf } : { index, text: '', leaf: { ...leaf, symbols: [] } })
    }
  }
  if (!(await rootOf(size, hashesReader(hashes))).equals(root))
    throw damaged(`its entries do not have the root of checkpoint ${size}`)
  return { hashes, entries }
}

/** Reads subtrees from the hashes of all entries. */
export const hashesReader =
  (hashes: readonly Buffer[]): ReadHash =>
  async (height, index) =>
    subtreeRoot(hashes.slice(index * 2 ** height, (index + 1) * 2 ** height))

/** Of entries in their order, those that count, the last ones of each object, and are of the range. */
export function currentEntries(entries: readonly Entry[], range: Range): Entry[] {
  const objects = new Map<string, Entry[]>()
  for (const entry of entries) {
    const { key, sha256 } = entry.leaf.object
    const known = objects.get(key) ?? []
    const continued = known.every(({ leaf }) => leaf.object.sha256 === sha256 && leaf.part[0] < entry.leaf.part[0])
    objects.set(key, continued ? [...known, entry] : [entry])
  }
  return [...objects.values()]
    .flat()
    .filter(({ leaf }) => isOfRange(leaf, range))
    .sort((a, b) => a.index - b.index)
}
