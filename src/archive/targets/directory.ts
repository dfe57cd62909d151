/** The archive in a directory of this machine, or one that is mounted. */
import fs from 'node:fs'
import path from 'node:path'
import { makeDataDirectory } from '../../disk.ts'
import { TickhouseError } from '../../errors.ts'
import { quoted } from '../columns.ts'
import { outside, staysInside } from '../keys.ts'
import { sha256Of } from './sha256.ts'
import { emptySpool, spoolFile } from './spool.ts'
import type { ArchiveTarget, FetchedObject } from './target.ts'

/** Hidden from a reader's pattern for all of its Parquet files, and on the same file system, so that a rename puts a file in its place. */
const SPOOL = '.spool'

export class DirectoryTarget implements ArchiveTarget {
  readonly address: string
  readonly spool: string
  readonly #root: string

  /** Throws `data_unwritable`, `archive_unavailable`. */
  static async open(directory: string): Promise<DirectoryTarget> {
    const target = new DirectoryTarget(directory)
    await target.#try(async () => makeDataDirectory(target.spool))
    return target
  }

  constructor(directory: string) {
    this.address = `file:${directory}`
    this.#root = path.resolve(directory)
    this.spool = path.join(this.#root, SPOOL)
  }

  async readable(pattern: string): Promise<{ engine: string; root: string }> {
    const root = `${this.#root}/`
    return { engine: `File('Parquet', ${quoted(root + pattern)})`, root }
  }

  cleanUp(): Promise<number> {
    return this.#try(async () => {
      await emptySpool(this.spool)
      return 0
    })
  }

  create(key: string, text: string): Promise<void> {
    return this.#try(async () => {
      const place = await this.#place(key)
      makeDataDirectory(path.dirname(place))
      const spooled = spoolFile(this.spool)
      try {
        await fs.promises.writeFile(spooled, text, { flag: 'wx' })
        await syncToDisk(spooled)
        // Unlike a rename, a link never takes the place of what is there.
        await fs.promises.link(spooled, place).catch(error => {
          if (error.code !== 'EEXIST') throw error
        })
        await syncToDisk(path.dirname(place))
      } finally {
        await fs.promises.rm(spooled, { force: true })
      }
    })
  }

  put(file: string, key: string): Promise<void> {
    return this.#try(async () => {
      const place = await this.#place(key)
      await syncToDisk(file)
      const made = makeDataDirectory(path.dirname(place))
      await fs.promises.rename(file, place)
      // The new names must survive a loss of power too, up to the directory that was there before.
      const above = path.dirname(made ?? place)
      for (let folder = path.dirname(place); ; folder = path.dirname(folder)) {
        await syncToDisk(folder)
        if (folder === above || folder === this.#root) break
      }
    })
  }

  fetch(key: string): Promise<FetchedObject | null> {
    return this.#try(async () => {
      const file = await this.#place(key)
      if (!fs.existsSync(file)) return null
      return { file, ...(await sha256Of(fs.createReadStream(file))), release: async () => {} }
    })
  }

  async *list(prefix = ''): AsyncIterable<{ key: string; bytes: number }> {
    const folder = path.join(this.#root, path.posix.dirname(`${prefix}_`))
    const names = await this.#try(() =>
      fs.promises.readdir(folder, { recursive: true, withFileTypes: true }).catch(none),
    )
    const keys = names
      .filter(entry => entry.isFile())
      .map(entry => path.relative(this.#root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
      .filter(key => key.startsWith(prefix) && !key.startsWith(`${SPOOL}/`))
    for (const key of keys.sort()) {
      const found = fs.statSync(path.join(this.#root, key), { throwIfNoEntry: false })
      if (found) yield { key, bytes: found.size }
    }
  }

  async close(): Promise<void> {}

  /** Where a key's file is. Throws `archive_mismatch` if that is not below the root: by its name, or by a symbolic link on the way. */
  async #place(key: string): Promise<string> {
    if (!staysInside(key)) throw outside(key)
    const place = path.join(this.#root, key)
    const root = await fs.promises.realpath(this.#root)
    for (let part = place; part.length > this.#root.length; part = path.dirname(part)) {
      if (!fs.lstatSync(part, { throwIfNoEntry: false })) continue
      const real = await fs.promises.realpath(part).catch(() => '')
      if (!real.startsWith(`${root}${path.sep}`)) throw outside(key)
      break
    }
    return place
  }

  async #try<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw directoryError(error, this.address)
    }
  }
}

/** Resolves when a file's bytes, or a directory's names, are on the disk. */
async function syncToDisk(place: string): Promise<void> {
  const handle = await fs.promises.open(place, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** No names: the directory is not there yet. */
function none(error: NodeJS.ErrnoException): fs.Dirent[] {
  if (error.code === 'ENOENT') return []
  throw error
}

function directoryError(error: unknown, address: string): TickhouseError {
  if (error instanceof TickhouseError) return error
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new TickhouseError(
      'disk_full',
      `no space left for the archive ${address}`,
      'Make room: archiving goes on by itself, and nothing leaves the store before it is archived.',
      { cause: error, retryable: true },
    )
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new TickhouseError(
      'data_unwritable',
      `the archive ${address} cannot be written: ${message}`,
      'Give this user write permission, or set TICKHOUSE_ARCHIVE to another place.',
      { cause: error, retryable: true },
    )
  }
  return new TickhouseError(
    'archive_unavailable',
    `the archive ${address} cannot be used: ${message}`,
    'Archiving tries again by itself; nothing leaves the store before it is archived.',
    { cause: error, retryable: true },
  )
}
