import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const CHUNK = Buffer.alloc(64 * 1024, 1)

/** Fills a file system to its last byte. Disposing makes room again. */
export class Ballast implements Disposable {
  readonly #file: string

  constructor(directory: string) {
    this.#file = join(directory, 'ballast')
    const file = openSync(this.#file, 'w')
    try {
      for (let bytes = CHUNK.length; bytes > 0; ) bytes = written(file, bytes) ? bytes : Math.floor(bytes / 2)
    } finally {
      closeSync(file)
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.#file)
  }
}

function written(file: number, bytes: number): boolean {
  try {
    return writeSync(file, CHUNK, 0, bytes) === bytes
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false
    throw error
  }
}
