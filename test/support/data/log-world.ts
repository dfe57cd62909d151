/** A transparency log in memory, and writers that are killed at a chosen step. */
import { generateKeyPairSync } from 'node:crypto'
import { openCheckpoint, parseVerifier, type Signer, type Verifier, verifierText } from '../../../src/proof/note.ts'
import type { LastSigned, LogFiles, SignedNote } from '../../../src/proof/tlog.ts'

export const signer = { name: 'tickhouse/simulated', key: generateKeyPairSync('ed25519').privateKey }

export class Killed extends Error {}

/** Keeps a note in memory. */
export class LastSignedInMemory implements LastSigned {
  note = ''

  async read(): Promise<SignedNote | null> {
    return this.note === '' ? null : { note: this.note, atMs: 0 }
  }

  async write(note: string): Promise<void> {
    this.note = note
  }
}

/** Files in memory. Every checkpoint that anybody could have seen is kept. */
export class World {
  readonly files = new Map<string, Buffer>()
  readonly seen = new Map<number, Set<string>>()
  /** Where the last signed checkpoint is kept, apart from the files. */
  readonly places: readonly LastSigned[]
  /** A storage whose create replaces: what must not be. */
  readonly replaces: boolean
  readonly #verifier: Verifier

  constructor(replaces = false, places: readonly LastSigned[] = [new LastSignedInMemory()], by: Signer = signer) {
    this.replaces = replaces
    this.places = places
    this.#verifier = parseVerifier(verifierText(by))!
  }

  see(note: string): void {
    const checkpoint = openCheckpoint(note, this.#verifier)!
    const roots = this.seen.get(checkpoint.size) ?? new Set()
    this.seen.set(checkpoint.size, roots.add(checkpoint.root.toString('base64')))
  }

  /** What a writer uses, which is killed at step `steps`, before or after it takes effect. `ticks`: how long its next access takes. */
  writer(
    steps = Number.POSITIVE_INFINITY,
    before = false,
    ticks = () => 0,
  ): { files: LogFiles; lastSigned: readonly LastSigned[] } {
    const pause = async () => {
      for (let left = ticks(); left > 0; left--) await null
    }
    let step = 0
    const effect = async (work: () => void | Promise<void>) => {
      const last = ++step === steps
      if (step > steps || (last && before)) throw new Killed()
      await work()
      if (last) throw new Killed()
    }
    const store = (path: string, bytes: Buffer) => {
      this.files.set(path, bytes)
      if (path === 'checkpoint') this.see(bytes.toString())
    }
    return {
      files: {
        read: async path => {
          await pause()
          return this.files.get(path) ?? null
        },
        write: async (path, bytes) => {
          await pause()
          await effect(() => store(path, bytes))
        },
        create: async (path, text) => {
          await pause()
          await effect(() => {
            if (this.replaces || !this.files.has(path)) store(path, Buffer.from(text))
          })
        },
      },
      lastSigned: this.places.map(place => ({
        read: () => place.read(),
        write: note =>
          effect(async () => {
            await place.write(note)
            this.see(note)
          }),
      })),
    }
  }
}
