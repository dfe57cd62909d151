/** Archive in a local or mounted directory. */
import fs from 'node:fs'
import path from 'node:path'
import { makeDataDirectory } from '../../disk.ts'
import { TickhouseError } from '../../errors.ts'
import { quoted } from '../columns.ts'
import { isInside, outsideError } from '../keys.ts'
import { sha256Of } from './sha256.ts'
import { emptySpool, spoolFile } from './spool.ts'
import type { ArchiveTarget, FetchedObject } from './target.ts'

/**
 * Hidden, so that globs over Parquet files skip it; on the same file system, so that a rename moves a file into place.
 */
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
      const file = await this.#pathOf(key)
      makeDataDirectory(path.dirname(file))
      const spooled = spoolFile(this.spool)
      try {
        await fs.promises.writeFile(spooled, text, { flag: 'wx' })
        await syncToDisk(spooled)
        // Unlike a rename, a link does not replace an existing file.
        await fs.promises.link(spooled, file).catch(error => {
          if (error.code !== 'EEXIST') throw error
        })
        await syncToDisk(path.dirname(file))
      } finally {
        await fs.promises.rm(spooled, { force: true })
      }
    })
  }

  put(file: string, key: string): Promise<void> {
    return this.#try(async () => {
      const destination = await this.#pathOf(key)
      await syncToDisk(file)
      const made = makeDataDirectory(path.dirname(destination))
      await fs.promises.rename(file, destination)
      // New directory entries must survive a power loss too: sync up to the directory that existed before.
      const above = path.dirname(made ?? destination)
      for (let folder = path.dirname(destination); ; folder = path.dirname(folder)) {
        await syncToDisk(folder)
        if (folder === above || folder === this.#root) break
      }
    })
  }

  fetch(key: string): Promise<FetchedObject | null> {
    return this.#try(async () => {
      const file = await this.#pathOf(key)
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

  /**
   * Path of a key's file. Throws `archive_mismatch` if it is not below the root, by name or through a symbolic link.
   */
  async #pathOf(key: string): Promise<string> {
    if (!isInside(key)) throw outsideError(key)
    const file = path.join(this.#root, key)
    const root = await fs.promises.realpath(this.#root)
    for (let part = file; part.length > this.#root.length; part = path.dirname(part)) {
      if (!fs.lstatSync(part, { throwIfNoEntry: false })) continue
      const real = await fs.promises.realpath(part).catch(() => '')
      if (!real.startsWith(`${root}${path.sep}`)) throw outsideError(key)
      break
    }
    return file
  }

  async #try<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw directoryError(error, this.address)
    }
  }
}

/** Resolves when a file's bytes, or a directory's entries, are on disk. */
async function syncToDisk(path: string): Promise<void> {
  const handle = await fs.promises.open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** No entries if the directory does not exist yet. */
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
      'Free disk space: archiving resumes by itself, and nothing leaves the store before it is archived.',
      { cause: error, retryable: true },
    )
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new TickhouseError(
      'data_unwritable',
      `cannot write to the archive ${address}: ${message}`,
      'Give this user write permission, or set TICKHOUSE_ARCHIVE to another location.',
      { cause: error, retryable: true },
    )
  }
  return new TickhouseError(
    'archive_unavailable',
    `cannot use the archive ${address}: ${message}`,
    'Archiving is retried; nothing leaves the store before it is archived.',
    { cause: error, retryable: true },
  )
}
