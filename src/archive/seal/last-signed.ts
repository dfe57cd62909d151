/** Where the last signed checkpoint is kept, apart from the archive: in the store, and in a file where the key is one. */
import fs from 'node:fs'
import path from 'node:path'
import { makeDataDirectory } from '../../disk.ts'
import { openCheckpoint, parseVerifier, type Verifier } from '../../proof/note.ts'
import type { LastSigned, SignedNote } from '../../proof/tlog.ts'
import type { Store } from '../../store/store.ts'

/** In a file beside the key's. Methods reject with errors of the file system. */
export class LastSignedFile implements LastSigned {
  readonly #file: string
  readonly #verifier: Verifier

  /** `archive`: the archive's id; `key`: the public key, as text. */
  constructor(keyFile: string, archive: string, key: string) {
    this.#file = `${keyFile}.${archive}.checkpoint`
    this.#verifier = parseVerifier(key)!
  }

  async read(): Promise<SignedNote | null> {
    const stat = fs.statSync(this.#file, { throwIfNoEntry: false })
    return stat ? { note: fs.readFileSync(this.#file, 'utf8'), atMs: stat.mtimeMs } : null
  }

  async write(note: string): Promise<void> {
    const kept = await this.read()
    if (kept && sizeOf(kept.note, this.#verifier) >= sizeOf(note, this.#verifier)) return
    const directory = path.dirname(this.#file)
    makeDataDirectory(directory)
    const spooled = `${this.#file}.${process.pid}`
    fs.writeFileSync(spooled, note, { mode: 0o600, flush: true })
    fs.renameSync(spooled, this.#file)
    const opened = fs.openSync(directory, 'r')
    fs.fsyncSync(opened)
    fs.closeSync(opened)
  }
}

/** In table `signed_checkpoints`. Methods reject with the store's errors. */
export class LastSignedRow implements LastSigned {
  readonly #store: Pick<Store, 'rows' | 'insertRows'>
  readonly #key: string
  readonly #verifier: Verifier

  /** `key`: the public key, as text; the archive's id is in it. */
  constructor(store: Pick<Store, 'rows' | 'insertRows'>, key: string) {
    this.#store = store
    this.#key = key
    this.#verifier = parseVerifier(key)!
  }

  async read(): Promise<SignedNote | null> {
    const [row] = await this.#store.rows<SignedNote>(
      `SELECT note, toUnixTimestamp64Milli(signed_at) AS atMs FROM signed_checkpoints
       WHERE key = {key:String} ORDER BY size DESC, signed_at LIMIT 1`,
      { key: this.#key },
    )
    return row ?? null
  }

  async write(note: string): Promise<void> {
    const size = sizeOf(note, this.#verifier)
    await this.#store.insertRows('signed_checkpoints', [{ key: this.#key, size, note }])
  }
}

/** Entries under a checkpoint; 0 for a text that this key did not sign. */
const sizeOf = (note: string, verifier: Verifier): number => openCheckpoint(note, verifier)?.size ?? 0
