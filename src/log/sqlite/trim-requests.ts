/**
 * How a reader of a SQLite log requests a trim from the writer: a small file next to the log, replaced atomically,
 * which the writer polls. It contains how far stages are, not what to delete, so a stale file is harmless: a floor only
 * rises.
 */
import fs from 'node:fs'
import path from 'node:path'
import type { TrimFloor } from '../retention.ts'

interface FloorsFile {
  /** Of the log that the offsets belong to. */
  identity: string
  floors: Record<string, TrimFloor>
}

/**
 * Requests that a partition's records below a floor be dropped; resolves when the request would survive a loss of
 * power.
 */
export async function requestTrim(
  directory: string,
  identity: string,
  partition: number,
  floor: TrimFloor,
): Promise<void> {
  const floors = { ...Object.fromEntries(requestedFloors(directory, identity)), [partition]: floor }
  const file = fileOf(directory)
  const text = JSON.stringify({ identity, floors } satisfies FloorsFile)
  await fs.promises.writeFile(`${file}.next`, text, { flush: true })
  await fs.promises.rename(`${file}.next`, file)
}

/** The requested floors of this log, by partition. Empty if the file cannot be read. */
export function requestedFloors(directory: string, identity: string): Map<number, TrimFloor> {
  try {
    const stored = JSON.parse(fs.readFileSync(fileOf(directory), 'utf8')) as FloorsFile
    if (stored.identity !== identity) return new Map()
    return new Map(Object.entries(stored.floors).map(([partition, floor]) => [Number(partition), floor]))
  } catch {
    return new Map()
  }
}

const fileOf = (directory: string): string => path.join(directory, 'trim.json')
