/**
 * What a witness cosigned last, of each log, in a file beside its key. The file is made before the key: a key without it has
 * lost its memory, and cosigns nothing.
 */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import type { Config } from '../../config.ts'
import { makeDataDirectory } from '../../disk.ts'
import { TickhouseError } from '../../errors.ts'
import { readOrMakeKey } from '../../proof/keys.ts'
import { publicBytes, type Signer } from '../../proof/note.ts'

/** The key's file: beside the watcher's state unless it is configured; null if nothing is cosigned. */
export function witnessKeyOf({ WITNESS_KEY, WATCH_STATE }: Pick<Config, 'WITNESS_KEY' | 'WATCH_STATE'>): string | null {
  if (WITNESS_KEY === 'off') return null
  return WITNESS_KEY ?? path.join(path.dirname(WATCH_STATE), 'witness-key.pem')
}

const LOGS_MAX = 1_000

/** The last checkpoint of a log that was cosigned. */
export interface KeptLog {
  /** The log's public key, as text. */
  key: string
  size: number
  root: Buffer
  /** With its cosignature. */
  note: string
  /** Whether the process that seals has it. */
  delivered: boolean
}

const FILE = z.strictObject({
  version: z.literal(1),
  logs: z.record(
    z.string(),
    z.strictObject({
      key: z.string(),
      size: z.int().min(0),
      root: z.base64(),
      note: z.string(),
      delivered: z.boolean(),
    }),
  ),
})

export class WitnessFile {
  readonly #file: string
  #logs: Record<string, KeptLog>

  private constructor(file: string, logs: Record<string, KeptLog>) {
    this.#file = file
    this.#logs = logs
  }

  /** Opens the file beside a key; both are made if there is no key. Throws `config_invalid` or `data_unwritable`. */
  static open(keyFile: string, name: string | undefined): { file: WitnessFile; signer: Signer } {
    const at = `${keyFile}.cosigned`
    if (!fs.existsSync(keyFile) && !fs.existsSync(at)) write(at, {})
    const key = readOrMakeKey(keyFile)
    const file = new WitnessFile(at, read(at))
    const id = createHash('sha256').update(publicBytes(key)).digest('hex').slice(0, 16)
    return { file, signer: { name: name ?? `tickhouse-watch/${id}`, key } }
  }

  log(origin: string): KeptLog | undefined {
    return Object.hasOwn(this.#logs, origin) ? this.#logs[origin] : undefined
  }

  /** On disk when this returns. Throws errors of the file system: then nothing is kept. */
  save(origin: string, log: KeptLog): void {
    const logs = { ...this.#logs, [origin]: log }
    if (Object.keys(logs).length > LOGS_MAX) throw new Error(`more than ${LOGS_MAX} logs`)
    write(this.#file, logs)
    this.#logs = logs
  }
}

function read(file: string): Record<string, KeptLog> {
  try {
    const { logs } = FILE.parse(JSON.parse(fs.readFileSync(file, 'utf8')))
    return Object.fromEntries(
      Object.entries(logs).map(([origin, log]) => [origin, { ...log, root: Buffer.from(log.root, 'base64') }]),
    )
  } catch (error) {
    throw new TickhouseError(
      'config_invalid',
      `cannot read what was cosigned, ${file}: ${(error as Error).message.split('\n')[0]}`,
      'Restore it from a copy; without one, remove the key beside it too: the watcher then begins with a new key. See docs/proof.md.',
      { cause: error },
    )
  }
}

function write(file: string, logs: Record<string, KeptLog>): void {
  const directory = path.dirname(file)
  const kept = Object.entries(logs).map(([origin, log]) => [origin, { ...log, root: log.root.toString('base64') }])
  try {
    makeDataDirectory(directory)
    const beside = `${file}.${process.pid}`
    fs.writeFileSync(beside, JSON.stringify({ version: 1, logs: Object.fromEntries(kept) }), {
      mode: 0o600,
      flush: true,
    })
    fs.renameSync(beside, file)
    const opened = fs.openSync(directory, 'r')
    fs.fsyncSync(opened)
    fs.closeSync(opened)
  } catch (error) {
    throw new TickhouseError(
      'data_unwritable',
      `cannot keep what is cosigned, ${file}: ${(error as Error).message}`,
      'Give this user write permission there, or set TICKHOUSE_WITNESS_KEY to another file.',
      { cause: error },
    )
  }
}
