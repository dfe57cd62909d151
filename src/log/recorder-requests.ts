/**
 * A request to the recorders of a log, from any process: also one that only reads the log, or a remote one. There is
 * one at a time: a later one replaces it. Who requests waits until a recorder's status names the request.
 */
import fs from 'node:fs'
import path from 'node:path'
import { TickhouseError } from '../errors.ts'
import { openLog } from './open.ts'
import type { StatusBoard } from './status-board.ts'

/** The key on the status board of a log that any process can write. */
const KEY = 'request'

/** Leaves a request in a log that exists; resolves when its recorders can read it. Throws the errors of the log. */
export async function requestRecorders(address: string, request: object): Promise<void> {
  const file = fileOf(address)
  if (file !== undefined) {
    await replace(file, JSON.stringify(request)).catch((error: NodeJS.ErrnoException) => {
      const advice = 'Send the change to the recorder: set TICKHOUSE_LISTEN to its TICKHOUSE_METRICS_LISTEN.'
      throw new TickhouseError('data_unwritable', `cannot write ${file} (${error.code})`, advice, { cause: error })
    })
    return
  }
  const log = await openLog(address, 'write')
  try {
    await log.announce(KEY, request)
  } finally {
    await log.close()
  }
}

/** Why this process cannot leave a request, as far as that is known without trying; null if it can. */
export function whyUnwritable(address: string): string | null {
  const file = fileOf(address)
  if (file === undefined) return null
  try {
    fs.accessSync(path.dirname(file), fs.constants.W_OK)
    return null
  } catch (error) {
    return `this process may not write to ${path.dirname(file)} (${(error as NodeJS.ErrnoException).code})`
  }
}

/** As a whole, so that nobody reads a part of it. */
async function replace(file: string, text: string): Promise<void> {
  const next = `${file}.${process.pid}.next`
  await fs.promises.writeFile(next, text, { flush: true })
  await fs.promises.rename(next, file)
}

/** The latest request; undefined if there is none. */
export function latestRequest(address: string, board: StatusBoard): unknown {
  const file = fileOf(address)
  if (file === undefined) return board.announcements(KEY).find(({ key }) => key === KEY)?.body
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

/** A log in a directory has one writer: a request to it is a file beside it. */
function fileOf(address: string): string | undefined {
  const directory = /^sqlite:([^?]+)/.exec(address)?.[1]
  return directory && path.join(directory, 'request.json')
}
