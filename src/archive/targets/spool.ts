/** Files in transit to or from the archive. None is the only copy of its data. */
import { createHash, randomUUID } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { MS_PER_DAY } from '../../clock.ts'

/** Files older than this are abandoned, whichever machine wrote them. */
const ABANDONED_MS = MS_PER_DAY
/** Identifies this machine, or container, in file names. */
const HOST = createHash('sha256').update(os.hostname()).digest('hex').slice(0, 8)

/**
 * Only files with such a name are removed, whatever directory is configured. Earlier versions did not name host and
 * process.
 */
const NAME = /^(?:([0-9a-f]{8})-(\d+)-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.partial$/

/** Removes the files of ended processes; files of running ones stay. */
export async function emptySpool(spool: string): Promise<void> {
  for (const name of await fs.promises.readdir(spool)) {
    const file = path.join(spool, name)
    const [named, host, pid] = NAME.exec(name) ?? []
    if (named && (host === HOST ? !runs(Number(pid)) : isOld(file))) await fs.promises.rm(file, { force: true })
  }
}

/** Path for a new file. The caller removes it. */
export function spoolFile(spool: string): string {
  return path.join(spool, `${HOST}-${process.pid}-${randomUUID()}.partial`)
}

/** Our own process id means an earlier process: this one empties the spool before it uses it. */
function runs(pid: number): boolean {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function isOld(file: string): boolean {
  const found = fs.statSync(file, { throwIfNoEntry: false })
  return found !== undefined && Date.now() - found.mtimeMs > ABANDONED_MS
}
