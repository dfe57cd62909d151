/**
 * A transparency log of static files. The tree at each size is decided before its checkpoint is signed: the entries that
 * follow size n are first stored as `append/<n>`, which is created once and never replaced. Each writer that continues from
 * n, after a crash or beside another one, appends exactly those. So no size ever has two roots.
 */
import { sign } from 'node:crypto'
import { TickhouseError } from '../errors.ts'
import type { WitnessRequest } from './cosignature.ts'
import { consistencyProof, isConsistent, leafHash, rootOf, subtreeRoot } from './merkle.ts'
import { type Checkpoint, openCheckpoint, parseVerifier, type Signer, signCheckpoint, verifierText } from './note.ts'
import {
  damaged,
  decodeEntries,
  ENTRY_BYTES_MAX,
  encodeEntries,
  hashesAt,
  hashReader,
  readEntries,
  readHashes,
  TILE_WIDTH,
  tilePath,
} from './tiles.ts'

/** Files below the log's prefix. All methods throw errors of the storage. */
export interface LogFiles {
  read(path: string): Promise<Buffer | null>
  /** Replaces a file: it then has the old bytes or the new ones. */
  write(path: string, bytes: Buffer): Promise<void>
  /** Writes a file unless it exists, as one step. */
  create(path: string, text: string): Promise<void>
}

/** A checkpoint that was signed here, and when: ms since 1970 UTC. */
export interface SignedNote {
  note: string
  atMs: number
}

/**
 * The last checkpoint that a key signed, kept apart from the log: an archive restored from an old copy is not continued
 * differently from what readers have seen. Methods reject with errors of the place where it is kept.
 */
export interface LastSigned {
  /** The one with the most entries that was written; null if none is kept. */
  read(): Promise<SignedNote | null>
  /** Resolves once the note would survive a loss of power. */
  write(note: string): Promise<void>
}

export const CHECKPOINT = 'checkpoint'
/** The public key, as text. */
export const PUBLIC_KEY = 'key'

/** Where the checkpoint of a size is with the cosignatures of its witnesses. */
export const cosignedPath = (size: number): string => `cosigned/${String(size).padStart(16, '0')}`

/** Where the entries that follow size n are stored first. */
export const appendPath = (size: number): string => `append/${String(size).padStart(16, '0')}`

export interface LogOptions {
  files: LogFiles
  signer: Signer
  /** One or several places: the log must continue what is in each of them. */
  lastSigned: readonly LastSigned[]
}

/** What one place keeps: the checkpoint of a note that this key signed, else null. */
interface Kept {
  place: LastSigned
  checkpoint: Checkpoint | null
  atMs: number
}

export class TransparencyLog {
  readonly #options: LogOptions
  #checkpoint: Checkpoint
  #note: string
  /** The highest checkpoint that was signed here. */
  #signed: Checkpoint | null
  /** When that was, ms since 1970 UTC; null if no place kept one. */
  readonly signedAtMs: number | null
  /** Whether no place kept a checkpoint, though the archive has one: that one was taken for the last. */
  readonly lastFromArchive: boolean

  private constructor(options: LogOptions, checkpoint: Checkpoint, note: string, kept: readonly Kept[]) {
    this.#options = options
    this.#checkpoint = checkpoint
    this.#note = note
    const highest = kept.reduce<Kept | null>((a, b) => (sizeOf(b) > sizeOf(a) ? b : a), null)
    this.#signed = highest?.checkpoint ?? null
    this.signedAtMs = highest?.atMs ?? null
    this.lastFromArchive = highest === null && checkpoint.size > 0
  }

  /**
   * Opens the log, which may be empty, and finishes what a crash interrupted. A place that keeps no checkpoint, or an
   * earlier one, then keeps that of the log. Throws `archive_mismatch` if the log is damaged, was set back or is another
   * than the one signed here, `archive_foreign` if another key signed it.
   */
  static async open(options: LogOptions): Promise<TransparencyLog> {
    const { files, signer, lastSigned } = options
    await checkKey(options)
    const own = parseVerifier(verifierText(signer))!
    const note = (await files.read(CHECKPOINT))?.toString() ?? ''
    const checkpoint = note === '' ? await emptyCheckpoint(signer) : openCheckpoint(note, own)
    if (!checkpoint) throw damaged('the checkpoint is not signed by this key')
    const found = await rootOf(checkpoint.size, hashReader(files.read, checkpoint.size))
    if (!found.equals(checkpoint.root)) throw damaged(`its tiles do not have the root of checkpoint ${checkpoint.size}`)
    const kept: Kept[] = []
    for (const place of lastSigned) {
      const found = await place.read()
      kept.push({ place, checkpoint: found && openCheckpoint(found.note, own), atMs: found?.atMs ?? 0 })
    }
    const log = new TransparencyLog(options, checkpoint, note, kept)
    for (;;) {
      const planned = await files.read(appendPath(log.size))
      if (!planned) break
      await log.#apply(planned)
    }
    for (const { checkpoint } of kept) if (checkpoint) await log.#compareWith(checkpoint)
    for (const one of kept) if (sizeOf(one) < log.size) await one.place.write(log.note)
    return log
  }

  get size(): number {
    return this.#checkpoint.size
  }

  /** The signed note of the last checkpoint; '' while the log is empty. */
  get note(): string {
    return this.#note
  }

  /** The public key, as text. */
  get key(): string {
    return verifierText(this.#options.signer)
  }

  /** The last checkpoint, and the proof that it continues that of `old` entries; none if there were never so many. Throws `archive_mismatch`. */
  async requestFrom(old: number): Promise<WitnessRequest> {
    const [size, note] = [this.size, this.#note]
    const read = hashReader(this.#options.files.read, size)
    return { old, proof: old > size ? [] : await consistencyProof(old, size, read), note }
  }

  /**
   * Appends entries and signs the new checkpoint. Returns those that were appended: others than the given ones if another
   * writer, or this one before a crash, had planned them. An entry has no newline and at most 65,535 bytes.
   */
  async append(entries: readonly string[]): Promise<string[]> {
    const { files } = this.#options
    for (const entry of entries)
      if (entry.includes('\n') || Buffer.byteLength(entry) > ENTRY_BYTES_MAX) throw new RangeError('not an entry')
    const path = appendPath(this.size)
    await files.create(path, this.#planOf(entries))
    const planned = await files.read(path)
    if (!planned) throw damaged(`${path} was written but cannot be found`)
    return await this.#apply(planned)
  }

  /** All entries, bundle by bundle. Throws `archive_mismatch`. */
  entries(): AsyncGenerator<{ first: number; entries: Buffer[] }> {
    return readEntries(this.#options.files.read, this.size)
  }

  /** Writes entries and tiles, then the checkpoint. */
  async #apply(planned: Buffer): Promise<string[]> {
    const { files, signer, lastSigned } = this.#options
    const lines = planned.toString().split('\n').slice(1, -1)
    // Write access to the archive does not suffice to have something signed.
    if (lines.length === 0 || this.#planOf(lines) !== planned.toString())
      throw damaged(`${appendPath(this.size)} was not written by this key`)
    const entries = lines.map(line => Buffer.from(line))
    const size = this.size + entries.length
    const written = new Map<string, Buffer>()
    await this.#addEntries(entries, written)
    await this.#addTiles(entries.map(leafHash), written)
    const read = async (path: string) => written.get(path) ?? (await files.read(path))
    const root = await rootOf(size, hashReader(read, size))
    if (this.#signed?.size === size && !this.#signed.root.equals(root)) throw fork(size)
    for (const [path, bytes] of written) await files.write(path, bytes)
    const note = signCheckpoint({ size, root }, signer)
    const checkpoint = { origin: signer.name, size, root }
    if (!this.#signed || this.#signed.size < size) {
      for (const place of lastSigned) await place.write(note)
      this.#signed = checkpoint
    }
    await files.write(CHECKPOINT, Buffer.from(note))
    this.#checkpoint = checkpoint
    this.#note = note
    return lines
  }

  /** Contents of `append/<size>`: a signature, then the entries. Ed25519: the same entries have the same signature. */
  #planOf(entries: readonly string[]): string {
    const { name, key } = this.#options.signer
    const text = `${entries.join('\n')}\n`
    return `${sign(null, Buffer.from(`tickhouse-append/v1\n${name}\n${this.size}\n${text}`), key).toString('base64')}\n${text}`
  }

  /** Adds the changed bundles of entries to the files to write. */
  async #addEntries(entries: readonly Buffer[], written: Map<string, Buffer>): Promise<void> {
    const { files } = this.#options
    const tile = Math.floor(this.size / TILE_WIDTH)
    const width = this.size % TILE_WIDTH
    const path = tilePath('entries', tile, width)
    const bundle = width === 0 ? Buffer.alloc(0) : await files.read(path)
    if (!bundle) throw damaged(`${path} is missing`)
    const all = [...decodeEntries(bundle, width), ...entries]
    for (let at = 0; at < all.length; at += TILE_WIDTH) {
      const some = all.slice(at, at + TILE_WIDTH)
      written.set(tilePath('entries', tile + at / TILE_WIDTH, some.length), encodeEntries(some))
    }
  }

  /** Adds the changed tiles of all levels to the files to write: a full tile adds its root to the level above. */
  async #addTiles(leaves: readonly Buffer[], written: Map<string, Buffer>): Promise<void> {
    const { files } = this.#options
    let added = leaves
    for (let level = 0; added.length > 0; level++) {
      const tile = Math.floor(hashesAt(level, this.size) / TILE_WIDTH)
      const all = [...(await readHashes(files.read, level, tile, this.size)), ...added]
      const full: Buffer[] = []
      for (let at = 0; at < all.length; at += TILE_WIDTH) {
        const some = all.slice(at, at + TILE_WIDTH)
        written.set(tilePath(level, tile + at / TILE_WIDTH, some.length), Buffer.concat(some))
        if (some.length === TILE_WIDTH) full.push(subtreeRoot(some))
      }
      added = full
    }
  }

  /** Throws `archive_mismatch` unless the log continues a checkpoint that was signed. */
  async #compareWith(signed: Checkpoint): Promise<void> {
    if (signed.size > this.size)
      throw damaged(`it was set back to ${this.size} entries, and a checkpoint of ${signed.size} was signed`)
    const read = hashReader(this.#options.files.read, this.size)
    const proof = await consistencyProof(signed.size, this.size, read)
    if (!isConsistent(signed.size, this.size, signed.root, this.#checkpoint.root, proof)) throw fork(signed.size)
  }
}

/** Entries under the checkpoint that a place keeps; 0 if it keeps none. */
const sizeOf = (kept: Kept | null): number => kept?.checkpoint?.size ?? 0

function fork(size: number): TickhouseError {
  return damaged(`it does not continue the checkpoint of ${size} entries that was signed`)
}

async function emptyCheckpoint({ name }: Signer): Promise<Checkpoint> {
  return { origin: name, size: 0, root: await rootOf(0, async () => Buffer.alloc(0)) }
}

/** Stores the public key beside a new log. Throws `archive_foreign` if the log has another one. */
async function checkKey({ files, signer }: LogOptions): Promise<void> {
  const own = `${verifierText(signer)}\n`
  if ((await files.read(PUBLIC_KEY)) === null) await files.create(PUBLIC_KEY, own)
  const found = (await files.read(PUBLIC_KEY))?.toString()
  if (found === own) return
  const theirs = parseVerifier(found ?? '') ? found!.trim() : 'not a key'
  throw new TickhouseError(
    'archive_foreign',
    `the transparency log of the archive was made with another key: its public key is ${theirs}, that of the key given here ${own.trim()}`,
    'Give the key that began it, in TICKHOUSE_SEAL_PRIVATE_KEY or in the file that TICKHOUSE_SEAL_KEY names, from your copy; a new key needs a new archive: see docs/proof.md. Archiving continues; nothing is sealed.',
  )
}
