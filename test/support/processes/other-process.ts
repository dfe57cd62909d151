/** Log, store and archiver in separate processes, since an engine's directory belongs to one process. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { makeMixedLog } from '../data/mixed-log.ts'
import type { ArchivingTask } from './archiving-child.ts'
import type { StoringTask } from './storing-child.ts'

const STORING = fileURLToPath(new URL('./storing-child.ts', import.meta.url))
const ARCHIVING = fileURLToPath(new URL('./archiving-child.ts', import.meta.url))

/** The mixed log in a directory, with an identity of its own, stored there. */
export async function storeForeign(directory: string): Promise<void> {
  await makeMixedLog(`${directory}/log`)
  const task: StoringTask = { log: `${directory}/log`, store: `${directory}/store`, ticksMax: 1000 }
  const child = fork(STORING, [JSON.stringify(task)], { stdio: 'ignore' })
  await once(child, 'message')
  child.send('go')
  await once(child, 'exit')
}

/** Runs a round of the archiver on a directory; returns code and message of its error, if any. */
export async function archiveForeign(task: ArchivingTask): Promise<string | undefined> {
  const child = fork(ARCHIVING, [JSON.stringify(task)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  let failed: string | undefined
  child.on('message', (words: { failed?: string }) => {
    failed = words.failed
  })
  await once(child, 'exit')
  return failed
}
