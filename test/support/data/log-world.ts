/** A transparency log in memory, and writers that are killed at a chosen step. */
import { generateKeyPairSync } from 'node:crypto'
import { openCheckpoint, parseVerifier, verifierText } from '../../../src/proof/note.ts'
import type { LastSigned, LogFiles } from '../../../src/proof/tlog.ts'

export const signer = { name: 'tickhouse/simulated', key: generateKeyPairSync('ed25519').privateKey }
const verifier = parseVerifier(verifierText(signer))!

export class Killed extends Error {}

/** Files in memory. Every checkpoint that anybody could have seen is kept. */
export class World {
  readonly files = new Map<string, Buffer>()
  readonly seen = new Map<number, Set<string>>()
  lastSigned = ''
  /** A storage whose create replaces: what must not be. */
  readonly replaces: boolean

  constructor(replaces = false) {
    this.replaces = replaces
  }

  see(note: string): void {
    const checkpoint = openCheckpoint(note, verifier)!
    const roots = this.seen.get(checkpoint.size) ?? new Set()
    this.seen.set(checkpoint.size, roots.add(checkpoint.root.toString('base64')))
  }

  /** What a writer uses, which is killed at step `steps`, before or after it takes effect. `ticks`: how long its next access takes. */
  writer(
    steps = Number.POSITIVE_INFINITY,
    before = false,
    ticks = () => 0,
  ): { files: LogFiles; lastSigned: LastSigned } {
    const pause = async () => {
      for (let left = ticks(); left > 0; left--) await null
    }
    let step = 0
    const effect = (work: () => void) => {
      const last = ++step === steps
      if (step > steps || (last && before)) throw new Killed()
      work()
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
          effect(() => store(path, bytes))
        },
        create: async (path, text) => {
          await pause()
          effect(() => {
            if (this.replaces || !this.files.has(path)) store(path, Buffer.from(text))
          })
        },
      },
      lastSigned: {
        read: () => this.lastSigned,
        write: note =>
          effect(() => {
            this.lastSigned = note
            this.see(note)
          }),
      },
    }
  }
}
