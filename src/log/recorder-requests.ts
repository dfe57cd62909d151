/**
 * Messages to the recorders of a log, from any process: also one that only reads the log, or a remote one. There is one
 * of each key at a time: a later one replaces it. Key `request` asks for a change of the selection: who sends it waits
 * until a recorder's status names it. Keys `gaps <partition>` list what ingest misses.
 */
import fs from 'node:fs'
import path from 'node:path'
import { TickhouseError } from '../errors.ts'
import type { OpenLog } from './log.ts'
import { openLog } from './open.ts'
import type { StatusBoard } from './status-board.ts'

/** On the status board of a log that any process can write. */
const REQUEST = 'request'
export const GAPS = 'gaps '
/** A person accepts a gap: key `acceptance`. */
export const ACCEPTANCE = 'acceptance'
/** A person has gaps requested again: key `retry`. */
export const RETRY = 'retry'

/** Leaves a request in a log that exists; resolves when its recorders can read it. Throws the errors of the log. */
export async function requestRecorders(address: string, request: object, key = REQUEST): Promise<void> {
  const messages = new RecorderMessages(address)
  try {
    await messages.leave(key, request)
  } finally {
    await messages.close()
  }
}

/** Leaves messages, one after the other. */
export class RecorderMessages {
  readonly #address: string
  #log: OpenLog | undefined

  constructor(address: string) {
    this.#address = address
  }

  /** Resolves when recorders can read it. Throws the errors of the log. */
  async leave(key: string, body: object): Promise<void> {
    const directory = directoryOf(this.#address)
    if (directory !== undefined) await replace(fileOf(directory, key), JSON.stringify(body))
    else {
      this.#log ??= await openLog(this.#address, 'write')
      await this.#log.announce(key, body)
    }
  }

  async close(): Promise<void> {
    await this.#log?.close()
  }
}

/** Why this process cannot leave a request, as far as that is known without trying; null if it can. */
export function whyUnwritable(address: string): string | null {
  const directory = directoryOf(address)
  if (directory === undefined) return null
  try {
    fs.accessSync(directory, fs.constants.W_OK)
    return null
  } catch (error) {
    return `this process may not write to ${directory} (${(error as NodeJS.ErrnoException).code})`
  }
}

/** As a whole, so that nobody reads a part of it. */
async function replace(file: string, text: string): Promise<void> {
  const next = `${file}.${process.pid}.next`
  try {
    await fs.promises.writeFile(next, text, { flush: true })
    await fs.promises.rename(next, file)
  } catch (error) {
    const advice = 'Send the change to the recorder: set TICKHOUSE_LISTEN to its TICKHOUSE_METRICS_LISTEN.'
    const message = `cannot write ${file} (${(error as NodeJS.ErrnoException).code})`
    throw new TickhouseError('data_unwritable', message, advice, { cause: error })
  }
}

/** The latest request; undefined if there is none. */
export function latestRequest(address: string, board: StatusBoard, key = REQUEST): unknown {
  const directory = directoryOf(address)
  if (directory === undefined) return board.announcements(key).find(one => one.key === key)?.body
  return readFile(fileOf(directory, key))
}

/** The latest message of each key that begins so. */
export function latestMessages(address: string, board: StatusBoard, prefix: string): unknown[] {
  const directory = directoryOf(address)
  if (directory === undefined) return board.announcements(prefix).map(({ body }) => body)
  const begin = path.basename(fileOf(directory, prefix), '.json')
  return fs
    .readdirSync(directory)
    .filter(name => name.startsWith(begin) && name.endsWith('.json'))
    .map(name => readFile(path.join(directory, name)))
}

function readFile(file: string): unknown {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

/** A log in a directory has one writer: a message to it is a file beside it. */
const directoryOf = (address: string): string | undefined => /^sqlite:([^?]+)/.exec(address)?.[1]

const fileOf = (directory: string, key: string): string => path.join(directory, `${key.replaceAll(' ', '-')}.json`)
