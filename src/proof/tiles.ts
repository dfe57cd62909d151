/**
 * Static files of a transparency log, as in https://c2sp.org/tlog-tiles: paths and contents of tiles and bundles of
 * entries. A tile at level L lists up to 256 hashes of complete subtrees of 256^L leaves.
 */
import { TickhouseError } from '../errors.ts'
import { HASH_BYTES, leafHash, type ReadHash, subtreeRoot } from './merkle.ts'

export const TILE_WIDTH = 256
const TILE_HEIGHT = 8
/** The length of an entry has 16 bits. */
export const ENTRY_BYTES_MAX = 65_535

/** A tile's level, or the bundle of entries beside level 0. */
export type TileLevel = number | 'entries'

/** Path below the log's prefix; a tile with fewer than 256 items ends with `.p/<width>`. */
export function tilePath(level: TileLevel, index: number, width: number): string {
  const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, '0')
  const parts = digits.match(/\d{3}/g)!
  const name = parts.map((part, at) => (at < parts.length - 1 ? `x${part}` : part)).join('/')
  return `tile/${level}/${name}${width < TILE_WIDTH ? `.p/${width}` : ''}`
}

/** Hashes at a level in the tiles of a tree of `size` leaves. */
export const hashesAt = (level: number, size: number): number => Math.floor(size / TILE_WIDTH ** level)

/** Items in a tile of a tree of `size` leaves; 0 if there is none. */
export function widthOf(level: TileLevel, index: number, size: number): number {
  const count = hashesAt(level === 'entries' ? 0 : level, size) - index * TILE_WIDTH
  return Math.max(0, Math.min(TILE_WIDTH, count))
}

/** Reads a file below the log's prefix; null if there is none. */
export type ReadFile = (path: string) => Promise<Buffer | null>

/** A tile of a tree of `size` leaves; the full tile of a later tree also has its items. Throws `archive_mismatch`. */
async function readTile(read: ReadFile, level: TileLevel, index: number, size: number): Promise<Buffer> {
  const width = widthOf(level, index, size)
  const path = tilePath(level, index, width)
  const bytes = (await read(path)) ?? (width < TILE_WIDTH ? await read(tilePath(level, index, TILE_WIDTH)) : null)
  if (bytes) return bytes
  throw damaged(`${path} is missing`)
}

/** The hashes of a tile. Throws `archive_mismatch`. */
export async function readHashes(read: ReadFile, level: number, index: number, size: number): Promise<Buffer[]> {
  const width = widthOf(level, index, size)
  if (width === 0) return []
  const bytes = await readTile(read, level, index, size)
  if (bytes.length < width * HASH_BYTES || bytes.length % HASH_BYTES !== 0)
    throw damaged(`${tilePath(level, index, width)} has ${bytes.length} bytes`)
  return Array.from({ length: width }, (_, at) => bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES))
}

/** Reads the hashes of a tree of `size` leaves from its tiles, each tile once. Nothing is trusted before a root was compared. */
export function hashReader(read: ReadFile, size: number): ReadHash {
  const tiles = new Map<string, Promise<Buffer[]>>()
  return async (height, index) => {
    const level = Math.floor(height / TILE_HEIGHT)
    const count = 2 ** (height % TILE_HEIGHT)
    const first = index * count
    const tile = Math.floor(first / TILE_WIDTH)
    const name = `${level} ${tile}`
    if (!tiles.has(name)) tiles.set(name, readHashes(read, level, tile, size))
    const hashes = (await tiles.get(name)!).slice(first % TILE_WIDTH, (first % TILE_WIDTH) + count)
    if (hashes.length < count) throw damaged(`tile ${name} has too few hashes`)
    return subtreeRoot(hashes)
  }
}

/** A bundle of entries: each with its length as 16 bits, big-endian. */
export function encodeEntries(entries: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    entries.flatMap(entry => {
      if (entry.length > ENTRY_BYTES_MAX) throw new RangeError(`an entry of ${entry.length} bytes`)
      return [Buffer.of(entry.length >> 8, entry.length & 255), entry]
    }),
  )
}

/** The first `width` entries of a bundle. Throws `archive_mismatch`. */
export function decodeEntries(bytes: Buffer, width: number): Buffer[] {
  const entries: Buffer[] = []
  for (let at = 0; entries.length < width; ) {
    const end = at + 2 + (at + 2 <= bytes.length ? bytes.readUInt16BE(at) : bytes.length)
    if (end > bytes.length) throw damaged(`a bundle of entries ends after ${bytes.length} bytes`)
    entries.push(bytes.subarray(at + 2, end))
    at = end
  }
  return entries
}

/**
 * All entries of a tree of `size` leaves, bundle by bundle, with the index of the first; from the bundle of entry `from` on. Each is compared
 * with the hashes of level 0. Throws `archive_mismatch`.
 */
export async function* readEntries(
  read: ReadFile,
  size: number,
  from = 0,
): AsyncGenerator<{ first: number; entries: Buffer[] }> {
  for (let tile = Math.floor(from / TILE_WIDTH); tile * TILE_WIDTH < size; tile++) {
    const hashes = await readHashes(read, 0, tile, size)
    const entries = decodeEntries(await readTile(read, 'entries', tile, size), hashes.length)
    entries.forEach((entry, at) => {
      if (!leafHash(entry).equals(hashes[at]!))
        throw damaged(`entry ${tile * TILE_WIDTH + at} of the log differs from its hash`)
    })
    yield { first: tile * TILE_WIDTH, entries }
  }
}

/** Error for a log whose files contradict each other. */
export function damaged(why: string): TickhouseError {
  return new TickhouseError(
    'archive_mismatch',
    `the transparency log of the archive is damaged: ${why}`,
    'Restore the folder tlog from a copy of the archive: see docs/proof.md. Archiving continues; nothing is sealed until then.',
  )
}
