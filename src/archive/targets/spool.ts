/** Files on their way into the archive or back from it. None of them is the only copy of anything. */
import { createHash, randomUUID } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** Longer than any file is on its way: who made one older than this has ended, wherever it was. */
const LEFT_MS = 24 * 3_600_000
/** Names this machine, or container, in a file's name. */
const HOST = createHash('sha256').update(os.hostname()).digest('hex').slice(0, 8)

/** Only files of this name are ours to remove, wherever the setting points. Earlier versions did not say whose a file is. */
const NAME = /^(?:([0-9a-f]{8})-(\d+)-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.partial$/

/** Removes what processes left in the directory that have ended; what another is at work on stays. */
export async function emptySpool(spool: string): Promise<void> {
  for (const name of await fs.promises.readdir(spool)) {
    const file = path.join(spool, name)
    const [named, host, pid] = NAME.exec(name) ?? []
    if (named && (host === HOST ? !runs(Number(pid)) : isOld(file))) await fs.promises.rm(file, { force: true })
  }
}

/** A name for a new file. Whoever takes it removes it. */
export function spoolFile(spool: string): string {
  return path.join(spool, `${HOST}-${process.pid}-${randomUUID()}.partial`)
}

/** What has our own number was left by an earlier process: this one empties its spool before it uses it. */
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
  return found !== undefined && Date.now() - found.mtimeMs > LEFT_MS
}
