/**
 * Merkle trees of RFC 6962, section 2.1: hashes of leaves and nodes, roots, inclusion and consistency proofs. SHA-256.
 * Sizes and indexes are integers below 2^53, hashes have 32 bytes.
 */
import { createHash } from 'node:crypto'

export const HASH_BYTES = 32

/** Reads the root of the complete subtree of 2^height leaves that begins at leaf `index` · 2^height. */
export type ReadHash = (height: number, index: number) => Promise<Buffer>

export function leafHash(data: Uint8Array): Buffer {
  return createHash('sha256').update(Buffer.of(0)).update(data).digest()
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(Buffer.of(1)).update(left).update(right).digest()
}

/** Root of a tree without leaves. */
export const EMPTY_ROOT: Buffer = createHash('sha256').digest()

/** Largest power of two below `size`, which is at least 2. */
function split(size: number): number {
  let power = 1
  while (power * 2 < size) power *= 2
  return power
}

/** Hash of the leaves `from` to `to`-1, of which RFC 6962 has a node. */
async function rangeHash(from: number, to: number, read: ReadHash): Promise<Buffer> {
  const size = to - from
  const height = Math.log2(size)
  if (Number.isInteger(height)) return await read(height, from / size)
  const middle = from + split(size)
  return nodeHash(await rangeHash(from, middle, read), await rangeHash(middle, to, read))
}

/** Root of the first `size` leaves. */
export async function rootOf(size: number, read: ReadHash): Promise<Buffer> {
  return size === 0 ? EMPTY_ROOT : await rangeHash(0, size, read)
}

/** Root of a complete subtree from the hashes of its leaves, a power of two of them. */
export function subtreeRoot(hashes: readonly Buffer[]): Buffer {
  let row = hashes
  while (row.length > 1) row = row.flatMap((hash, at) => (at % 2 === 0 ? [nodeHash(hash, row[at + 1]!)] : []))
  return row[0]!
}

/** Proof that leaf `index` is in the tree of the first `size` leaves: hashes from the leaf upwards. */
export async function inclusionProof(index: number, size: number, read: ReadHash): Promise<Buffer[]> {
  const path = async (from: number, to: number): Promise<Buffer[]> => {
    if (to - from === 1) return []
    const middle = from + split(to - from)
    return index < middle
      ? [...(await path(from, middle)), await rangeHash(middle, to, read)]
      : [...(await path(middle, to)), await rangeHash(from, middle, read)]
  }
  return await path(0, size)
}

/** Proof that the tree of the first `size` leaves begins with that of the first `earlier` ones; empty for equal sizes and for 0. */
export async function consistencyProof(earlier: number, size: number, read: ReadHash): Promise<Buffer[]> {
  const path = async (from: number, to: number, whole: boolean): Promise<Buffer[]> => {
    if (earlier === to) return whole ? [] : [await rangeHash(from, to, read)]
    const middle = from + split(to - from)
    return earlier <= middle
      ? [...(await path(from, middle, whole)), await rangeHash(middle, to, read)]
      : [...(await path(middle, to, false)), await rangeHash(from, middle, read)]
  }
  return earlier === 0 ? [] : await path(0, size, true)
}

/** Root that an inclusion proof leads to; null if the proof has not the length that size and index demand. */
export function rootByInclusion(
  index: number,
  size: number,
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
): Buffer | null {
  if (index < 0 || index >= size) return null
  let at = 0
  const hash = (from: number, to: number): Buffer | null => {
    if (to - from === 1) return Buffer.from(leaf)
    const middle = from + split(to - from)
    const inLeft = index < middle
    const below = inLeft ? hash(from, middle) : hash(middle, to)
    const beside = proof[at++]
    if (!below || !beside) return null
    return inLeft ? nodeHash(below, beside) : nodeHash(beside, below)
  }
  const root = hash(0, size)
  return at === proof.length ? root : null
}

/** Whether a proof shows that the tree with root `root` begins with the one with root `earlierRoot`. */
export function isConsistent(
  earlier: number,
  size: number,
  earlierRoot: Uint8Array,
  root: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (earlier > size) return false
  if (earlier === 0) return proof.length === 0 && EMPTY_ROOT.equals(earlierRoot)
  let at = 0
  /** Roots of the range in the earlier tree and in the later one. */
  const roots = (from: number, to: number, whole: boolean): [Uint8Array, Uint8Array] | null => {
    if (earlier === to) {
      const hash = whole ? earlierRoot : proof[at++]
      return hash ? [hash, hash] : null
    }
    const middle = from + split(to - from)
    const inLeft = earlier <= middle
    const below = inLeft ? roots(from, middle, whole) : roots(middle, to, false)
    const beside = proof[at++]
    if (!below || !beside) return null
    return inLeft ? [below[0], nodeHash(below[1], beside)] : [nodeHash(beside, below[0]), nodeHash(beside, below[1])]
  }
  const both = roots(0, size, true)
  return (
    both !== null &&
    at === proof.length &&
    Buffer.from(both[0]).equals(earlierRoot) &&
    Buffer.from(both[1]).equals(root)
  )
}
