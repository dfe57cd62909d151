/** Files on their way into the archive or back from it. None of them is the only copy of anything. */
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'

/** Removes what an earlier process left in the directory. */
export async function emptySpool(spool: string): Promise<void> {
  for (const name of await fs.promises.readdir(spool)) {
    if (NAME.test(name)) await fs.promises.rm(path.join(spool, name), { force: true })
  }
}

/** Only files of this name are ours to remove, wherever the setting points. */
const NAME = /^[0-9a-f-]{36}\.partial$/

/** A name for a new file. Whoever takes it removes it. */
export function spoolFile(spool: string): string {
  return path.join(spool, `${randomUUID()}.partial`)
}
