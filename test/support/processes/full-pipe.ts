import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Owner } from './tickhouse.ts'

const { O_NONBLOCK, O_RDWR, O_WRONLY } = fs.constants

/** A pipe that is full, and that nobody reads. Goes with its owner. */
export class FullPipe {
  readonly path: string
  /** Its end to write to. */
  readonly descriptor: number

  static open(t: Owner): FullPipe {
    const directory = fs.mkdtempSync(join(tmpdir(), 'tickhouse-pipe-'))
    const path = join(directory, 'pipe')
    execFileSync('mkfifo', [path])
    // Both ends, so that it stays open and a write to it fails, rather than waits, once it is full.
    const both = fs.openSync(path, O_RDWR | O_NONBLOCK)
    const pipe = new FullPipe(path, both)
    t.after(() => {
      fs.closeSync(both)
      fs.closeSync(pipe.descriptor)
      fs.rmSync(directory, { recursive: true, force: true })
    })
    return pipe
  }

  private constructor(path: string, both: number) {
    this.path = path
    for (const blank of [Buffer.alloc(4096, '\n'), Buffer.of(0x0a)]) fill(both, blank)
    this.descriptor = fs.openSync(path, O_WRONLY)
  }
}

function fill(descriptor: number, bytes: Buffer): void {
  try {
    for (;;) fs.writeSync(descriptor, bytes)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
  }
}
