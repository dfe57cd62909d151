/** Files of the transparency log, in the archive below `tlog/`. */
import fs from 'node:fs'
import { damaged } from '../../proof/tiles.ts'
import type { LogFiles } from '../../proof/tlog.ts'
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
