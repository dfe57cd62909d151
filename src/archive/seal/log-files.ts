/** Files of the transparency log, in the archive below `tlog/`. */
import fs from 'node:fs'
import path from 'node:path'
import { makeDataDirectory } from '../../disk.ts'
import { damaged } from '../../proof/tiles.ts'
import type { LastSigned, LogFiles } from '../../proof/tlog.ts'
import { spoolFile } from '../targets/spool.ts'
import type { ArchiveTarget } from '../targets/target.ts'

/** Prefix of the log. */
export const TLOG = 'tlog/'

/** More than a bundle of 256 entries of 65,535 bytes. */
const BYTES_MAX = 32 * 2 ** 20

/** The log's files in an archive. Methods throw errors of the target. */
export function logFilesOf(target: ArchiveTarget): LogFiles {
  return {
    read: path => readFile(target, TLOG + path),
    create: (path, text) => target.create(TLOG + path, text),
    async write(path, bytes) {
      const spooled = spoolFile(target.spool)
      try {
        await fs.promises.writeFile(spooled, bytes, { flag: 'wx' })
        await target.put(spooled, TLOG + path)
      } finally {
        await fs.promises.rm(spooled, { force: true })
      }
    },
  }
}

async function readFile(target: ArchiveTarget, key: string): Promise<Buffer | null> {
  const fetched = await target.fetch(key)
  if (!fetched) return null
  try {
    if (fetched.bytes > BYTES_MAX) throw damaged(`${key} has ${fetched.bytes} bytes`)
    return await fs.promises.readFile(fetched.file)
  } finally {
    await fetched.release()
  }
}

/** The last signed checkpoint of an archive, in a file beside the key. */
export class LastSignedFile implements LastSigned {
  readonly #file: string

  constructor(keyFile: string, archive: string) {
    this.#file = `${keyFile}.${archive}.checkpoint`
  }

  read(): string {
    return fs.existsSync(this.#file) ? fs.readFileSync(this.#file, 'utf8') : ''
  }

  /** The note is on disk when this returns. */
  write(note: string): void {
    makeDataDirectory(path.dirname(this.#file))
    const spooled = `${this.#file}.${process.pid}`
    fs.writeFileSync(spooled, note, { mode: 0o600, flush: true })
    fs.renameSync(spooled, this.#file)
  }

  /** When it was written, ms since 1970 UTC; null if never. */
  get writtenMs(): number | null {
    return fs.statSync(this.#file, { throwIfNoEntry: false })?.mtimeMs ?? null
  }
}
